package org.attention4j.models.huggingface.model;

import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.models.family.Config;
import org.attention4j.nn.LayerStack;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Model;
import org.attention4j.nn.PairBias;
import org.attention4j.nn.Scope;
import org.attention4j.op.Mask;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.train.NextToken;
import org.jspecify.annotations.Nullable;

/**
 * The frame of decoder-only models. Inputs {@code input_ids} [batch, time], optionally {@code
 * attention_mask} [batch, past + time] and {@code position_ids} [batch, time]. Outputs by task:
 * {@code logits} [batch, time, vocabulary], {@code logits} [batch, labels] read at the last token
 * that is no padding, {@code logits} [batch, time, labels], {@code start_logits} and {@code
 * end_logits} [batch, time], or {@code last_hidden_state} [batch, time, width].
 *
 * @param prefix path of the layers under a head; alone they stand at the top
 * @param width of the hidden states
 * @param extra rules for names in files
 * @param alibi that is added to all scores, or null; most families have theirs in the attention
 */
public record DecoderModel(
    Config config,
    Task task,
    String prefix,
    int context,
    int width,
    Embedder embedder,
    LayerStack stack,
    LanguageHead head,
    NameRules extra,
    @Nullable RoundedAlibi alibi)
    implements Pretrained, Storable<DecoderModel> {
  private static final TensorType IDS = TensorType.i64("batch", "time");

  /** Without a bias that all layers share. */
  public DecoderModel(
      Config config,
      Task task,
      String prefix,
      int context,
      int width,
      Embedder embedder,
      LayerStack stack,
      LanguageHead head,
      NameRules extra) {
    this(config, task, prefix, context, width, embedder, stack, head, extra, null);
  }

  /** With another embedder. */
  public DecoderModel with(Embedder newEmbedder) {
    return new DecoderModel(
        config, task, prefix, context, width, newEmbedder, stack, head, extra, alibi);
  }

  /** With other rules for names in files. */
  public DecoderModel with(NameRules rules) {
    return new DecoderModel(
        config, task, prefix, context, width, embedder, stack, head, rules, alibi);
  }

  /** With another head. */
  public DecoderModel with(LanguageHead newHead) {
    return new DecoderModel(
        config, task, prefix, context, width, embedder, stack, newHead, extra, alibi);
  }

  /** With a bias that all layers share. */
  public DecoderModel with(RoundedAlibi newAlibi) {
    return new DecoderModel(
        config, task, prefix, context, width, embedder, stack, head, extra, newAlibi);
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
    inputs.put("attention_mask", TensorType.i64("batch", "past+time"));
    inputs.put("position_ids", IDS);
    embedder.furtherInputs().forEach(name -> inputs.put(name, IDS));
    return inputs;
  }

  @Override
  public DecoderModel asStored(StoredFile file) {
    return embedder instanceof TokenEmbedder tokens
        ? with(StoredPositions.read(tokens, file, root(), context))
        : this;
  }

  private String root() {
    return task == Task.FEATURES ? "" : prefix;
  }

  @Override
  public boolean changesWithLength() {
    return Rotary.changesWithLength(config);
  }

  @Override
  public boolean causal() {
    return true;
  }

  @Override
  public Map<String, String> observable() {
    Map<String, String> paths = stack.observable(root());
    String last = "hidden_states." + stack.layers().size();
    paths.put(last, root().isEmpty() ? "returned" : root() + ".returned");
    return paths;
  }

  @Override
  public NameRules nameRules() {
    NameRules rules = extra;
    if (head.tied()) {
      String table = root().isEmpty() ? "" : root() + ".";
      rules = rules.tying(head.name() + ".weight", table + embedder.tableName() + ".weight");
    } else if (task == Task.FEATURES) {
      rules = rules.ignoring(head.name() + "\\.weight");
    }
    return task == Task.CAUSAL_LM ? rules : rules.ignoring(head.name() + "\\.bias");
  }

  @Override
  public boolean readsTypes() {
    return false; // they may be given, tokenizers give none
  }

  /** What the layers make of the inputs, [batch, time, width]. */
  Tensor hidden(Scope scope, Inputs inputs) {
    Tensor tokens = inputs.find("attention_mask");
    Mask padding = Mask.keys(tokens);
    PairBias bias = alibi == null ? null : alibi.in(tokens);
    return scope.in(
        root(),
        s -> {
          Scope placed = s.positions(embedder.positions(s, inputs));
          Tensor x = stack.apply(placed, embedder.embed(placed, inputs), padding, bias);
          Tensor y = embedder.back(placed, x);
          s.report("returned", y);
          return y;
        });
  }

  /** The logits of the next tokens, [batch, time, vocabulary]. */
  Tensor words(Scope scope, Tensor hidden) {
    Scope table = scope.child(root()).child(embedder.tableName());
    return head.apply(scope, table, embedder.table(), hidden);
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Tensor hidden = hidden(scope, inputs); // [batch, time, width]
    return switch (task) {
      case FEATURES -> Map.of("last_hidden_state", hidden);
      case SEQUENCE_CLASSIFICATION -> Map.of("logits", classes(scope, hidden, inputs));
      case TOKEN_CLASSIFICATION -> Map.of("logits", tokens(scope, hidden));
      case QUESTION_ANSWERING -> new SpanHead(Linear.Style.usual(), 0).apply(scope, hidden);
      default -> Map.of("logits", words(scope, hidden));
    };
  }

  /** Logits [batch, time, labels]; families under {@code model} share a class, and its name. */
  private Tensor tokens(Scope scope, Tensor hidden) {
    boolean shared = prefix.equals("model");
    boolean bias = !shared || config.flag("token_classification_bias", true);
    Linear.Style style = Linear.Style.usual();
    Linear linear = new Linear(width, labels(), bias ? style : style.withoutBias());
    double dropout = config.number("classifier_dropout", config.number("hidden_dropout", 0.1));
    String name = shared ? "score" : "classifier";
    return scope.call(name, linear, scope.dropout(name + ".dropout", hidden, dropout));
  }

  private int labels() {
    return config.count("id2label", 2);
  }

  /** Logits [batch, labels] of the last token that is not the padding token. */
  private Tensor classes(Scope scope, Tensor hidden, Inputs inputs) {
    Linear linear = new Linear(width, labels(), Linear.Style.usual().withoutBias());
    Tensor logits = scope.call("score", linear, hidden); // [batch, time, labels]
    Tensor ids = inputs.get("input_ids");
    Tensor slots = ids.iota(ids.dim(1)); // [time]
    Tensor token = ids.eq(ids.integers(config.id("pad_token_id", -1))).not().cast(DType.I64);
    Tensor place = slots.mul(token).cast(logits.dtype()).maximum(1); // [batch, 1]
    Tensor last = place.eq(slots.cast(logits.dtype())); // [batch, time]
    return last.cast(logits.dtype()).insert(-1).mul(logits).sum(1).drop(1);
  }

  @Override
  public Model withLoss() {
    return withLoss(DType.I64);
  }

  @Override
  public Model withLoss(DType type) {
    return switch (task) {
      case SEQUENCE_CLASSIFICATION -> ProblemType.loss(this, config, labels(), type);
      case QUESTION_ANSWERING -> new SpanLoss(this);
      default -> balanced(new LabelLoss(this, IDS, task == Task.CAUSAL_LM && !ofPair()));
    };
  }

  /** Whether it is cut from an encoder-decoder, whose classes take labels that are shifted. */
  private boolean ofPair() {
    return config.has("decoder_layers");
  }

  @Override
  public Model trainable() {
    return task == Task.CAUSAL_LM ? balanced(new NextToken(this)) : withLoss();
  }

  /** With the balance of routers, if the configuration wants it in the loss. */
  private Model balanced(Model loss) {
    return task == Task.CAUSAL_LM && config.flag("output_router_logits", false)
        ? new RouterLoss(
            loss,
            config.size("num_experts_per_tok", 2),
            config.number("router_aux_loss_coef", 0.001))
        : loss;
  }
}
