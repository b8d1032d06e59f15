package org.attention4j.models.huggingface;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.models.family.ClassLoss;
import org.attention4j.models.family.Config;
import org.attention4j.nn.LayerStack;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.op.Mask;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.train.NextToken;

/**
 * The frame of encoder-only models. Inputs {@code input_ids} [batch, time], optionally {@code
 * attention_mask}, {@code position_ids} and {@code token_type_ids}, of the same shape. Outputs by
 * task: {@code logits} [batch, time, vocabulary], [batch, labels] or [batch, time, labels]; or
 * {@code last_hidden_state} [batch, time, width], {@code pooler_output} [batch, width] where the
 * family has such a layer, and what {@link SentencePooling} makes of a sentence.
 *
 * @param prefix path of the layers under a head; alone they stand at the top
 * @param types whether tokens have types
 * @param pooler path of the layer behind {@code pooler_output}, below the layers'; empty for none
 * @param extra rules for names in files
 */
record EncoderModel(
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
    SentencePooling pooling,
    NameRules extra)
    implements Pretrained {
  static final List<Task> TASKS =
      List.of(
          Task.MASKED_LM, Task.SEQUENCE_CLASSIFICATION, Task.TOKEN_CLASSIFICATION, Task.FEATURES);
  private static final TensorType IDS = TensorType.i64("batch", "time");

  /** The same without the layer behind {@code pooler_output}. */
  EncoderModel withoutPooler() {
    return new EncoderModel(
        config, task, prefix, context, types, "", embedder, stack, masked, classes, pooling, extra);
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
    inputs.put("attention_mask", IDS);
    inputs.put("position_ids", IDS);
    if (types) {
      inputs.put("token_type_ids", IDS);
    }
    return inputs;
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
    if (task == Task.MASKED_LM) {
      rules = masked.rules(rules, table + embedder.tableName() + ".weight");
    }
    return pooler.isEmpty() || task == Task.FEATURES
        ? rules
        : rules.ignoring(prefix + "\\.pooler\\..*");
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Tensor hidden = hidden(scope, inputs);
    return switch (task) {
      case MASKED_LM -> {
        Scope table = scope.child(root()).child(embedder.tableName());
        yield Map.of("logits", masked.apply(scope, table, embedder.table(), hidden));
      }
      case SEQUENCE_CLASSIFICATION -> Map.of("logits", classes.sequence(scope, hidden, labels()));
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

  /** The last layer's output [batch, time, width]. */
  Tensor hidden(Scope scope, Inputs inputs) {
    Mask padding = Mask.keys(inputs.find("attention_mask"));
    return scope
        .uncached()
        .in(
            root(),
            s -> {
              Scope placed = s.positions(embedder.positions(s, inputs));
              return stack.apply(placed, embedder.embed(placed, inputs), padding, null);
            });
  }

  private int labels() {
    return config.count("id2label", 2);
  }

  /**
   * {@inheritDoc} Layers without a head learn from pairs, see {@link PairLoss}; for classes see
   * {@link ProblemType}.
   */
  @Override
  public Model withLoss() {
    if (task == Task.FEATURES) {
      return new PairLoss(this);
    }
    if (task != Task.SEQUENCE_CLASSIFICATION) {
      return new LabelLoss(this, IDS, false);
    }
    return ProblemType.loss(this, config, labels());
  }

  @Override
  public Model trainable() {
    return switch (task) {
      case SEQUENCE_CLASSIFICATION -> labels() == 1 ? withLoss() : new ClassLoss(this);
      case FEATURES -> withLoss();
      default -> new NextToken(this);
    };
  }
}
