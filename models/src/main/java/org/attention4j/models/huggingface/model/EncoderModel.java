package org.attention4j.models.huggingface.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.models.family.ClassLoss;
import org.attention4j.models.family.Config;
import org.attention4j.nn.LayerStack;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.op.Mask;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.train.NextToken;

/**
 * The frame of encoder-only models. Inputs {@code input_ids} [batch, time], optionally {@code
 * attention_mask}, {@code position_ids} and {@code token_type_ids}, of the same shape. Outputs by
 * task, see {@link Task}: {@code logits} and the like, or {@code last_hidden_state} [batch, time,
 * width], {@code pooler_output} [batch, width] where the family has such a layer, and what {@link
 * SentencePooling} makes of a sentence.
 *
 * <p>With {@code is_decoder} a model of the next token sees no later ones, and has a cache.
 *
 * @param prefix path of the layers under a head; alone they stand at the top
 * @param types whether tokens have types
 * @param pooler path of the layer behind {@code pooler_output}, below the layers'; empty for none
 * @param spans where answers stand
 * @param extra rules for names in files
 */
public record EncoderModel(
    Config config,
    Task task,
    String prefix,
    int context,
    boolean types,
    String pooler,
    Embedder embedder,
    LayerStack stack,
    MaskedHead masked,
    ClassHead classes,
    SpanHead spans,
    SentencePooling pooling,
    NameRules extra)
    implements Pretrained, Storable<EncoderModel> {
  /** What BERT and its kin serve, the usual task first. */
  public static final List<Task> TASKS =
      List.of(
          Task.MASKED_LM,
          Task.CAUSAL_LM,
          Task.SEQUENCE_CLASSIFICATION,
          Task.TOKEN_CLASSIFICATION,
          Task.QUESTION_ANSWERING,
          Task.MULTIPLE_CHOICE,
          Task.FEATURES);

  private static final TensorType IDS = TensorType.i64("batch", "time");

  /** {@inheritDoc} The layer behind {@code pooler_output} may be missing. */
  @Override
  public EncoderModel asStored(StoredFile file) {
    if (file.hasBelow("pooler.")) {
      return this;
    }
    return new EncoderModel(
        config, task, prefix, context, types, "", embedder, stack, masked, classes, spans, pooling,
        extra);
  }

  @Override
  public String family() {
    return config.modelType();
  }

  @Override
  public int vocabulary() {
    return embedder.table().rows();
  }

  @Override
  public Map<String, TensorType> inputs() {
    return Map.of("input_ids", IDS);
  }

  @Override
  public Map<String, TensorType> allInputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>(inputs());
    inputs.put("attention_mask", causal() ? TensorType.i64("batch", "past+time") : IDS);
    inputs.put("position_ids", IDS);
    if (types) {
      inputs.put("token_type_ids", IDS);
    }
    return inputs;
  }

  @Override
  public boolean causal() {
    return Encoders.decodes(config, task);
  }

  private String root() {
    return task == Task.FEATURES ? "" : prefix;
  }

  @Override
  public Map<String, String> observable() {
    return stack.observable(root());
  }

  @Override
  public NameRules nameRules() {
    String table = root().isEmpty() ? "" : root() + ".";
    NameRules rules = extra;
    if (predicts()) {
      rules = masked.rules(rules, table + embedder.tableName() + ".weight");
    }
    return pooler.isEmpty() || task == Task.FEATURES
        ? rules
        : rules.ignoring(prefix + "\\.pooler\\..*");
  }

  /** Whether the head has the table of the tokens. */
  private boolean predicts() {
    return task == Task.MASKED_LM || task == Task.CAUSAL_LM || task == Task.PRETRAINING;
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Tensor hidden = hidden(scope, inputs);
    return switch (task) {
      case MASKED_LM, CAUSAL_LM -> Map.of("logits", tokens(scope, hidden));
      case PRETRAINING ->
          Map.of(
              "prediction_logits",
              tokens(scope, hidden),
              "seq_relationship_logits",
              classes.sequence(scope, hidden, labels()));
      case SEQUENCE_CLASSIFICATION, MULTIPLE_CHOICE, NEXT_SENTENCE_PREDICTION ->
          Map.of("logits", classes.sequence(scope, hidden, labels()));
      case QUESTION_ANSWERING -> spans.apply(scope, hidden);
      case TOKEN_CLASSIFICATION ->
          Map.of("logits", classes.tokens(scope, "classifier", hidden, labels()));
      default -> {
        Map<String, Tensor> outputs = new LinkedHashMap<>();
        outputs.put("last_hidden_state", hidden);
        if (!pooler.isEmpty()) {
          outputs.put("pooler_output", classes.pooled(scope, hidden));
        }
        outputs.putAll(pooling.outputs(scope, hidden, inputs.find("attention_mask")));
        yield outputs;
      }
    };
  }

  private Tensor tokens(Scope scope, Tensor hidden) {
    Scope table = scope.child(root()).child(embedder.tableName());
    return masked.apply(scope, table, embedder.table(), hidden);
  }

  /** The last layer's output [batch, time, width]. */
  Tensor hidden(Scope scope, Inputs inputs) {
    Mask padding = Mask.keys(inputs.find("attention_mask"));
    Scope layers = causal() ? scope : scope.uncached();
    return layers.in(
        root(),
        s -> {
          Scope placed = s.positions(embedder.positions(s, inputs));
          return stack.apply(placed, embedder.embed(placed, inputs), padding, null);
        });
  }

  private int labels() {
    return switch (task) {
      case MULTIPLE_CHOICE -> 1;
      case NEXT_SENTENCE_PREDICTION, PRETRAINING -> 2;
      default -> config.count("id2label", 2);
    };
  }

  /**
   * {@inheritDoc} Layers without a head learn from pairs, see {@link PairLoss}; for classes see
   * {@link ProblemType}.
   */
  @Override
  public Model withLoss() {
    return withLoss(DType.I64);
  }

  @Override
  public Model withLoss(DType type) {
    return switch (task) {
      case FEATURES -> new PairLoss(this);
      case PRETRAINING -> new PretrainingLoss(this);
      case QUESTION_ANSWERING -> new SpanLoss(this);
      case SEQUENCE_CLASSIFICATION -> ProblemType.loss(this, config, labels(), type);
      case NEXT_SENTENCE_PREDICTION -> new LabelLoss(this, TensorType.i64("batch"), false);
      default -> new LabelLoss(this, IDS, task == Task.CAUSAL_LM);
    };
  }

  @Override
  public Model trainable() {
    return switch (task) {
      case SEQUENCE_CLASSIFICATION -> labels() == 1 ? withLoss() : new ClassLoss(this);
      case MASKED_LM, CAUSAL_LM, TOKEN_CLASSIFICATION -> new NextToken(this);
      default -> withLoss();
    };
  }
}
