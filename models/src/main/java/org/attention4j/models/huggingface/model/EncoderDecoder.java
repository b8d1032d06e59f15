package org.attention4j.models.huggingface.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.attention4j.models.family.Config;
import org.attention4j.nn.Init;
import org.attention4j.nn.LayerStack;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Model;
import org.attention4j.nn.PairBias;
import org.attention4j.nn.RelativePositionBias;
import org.attention4j.nn.Scope;
import org.attention4j.nn.TransformerDecoder;
import org.attention4j.op.Mask;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.train.NextToken;
import org.jspecify.annotations.Nullable;

/**
 * The frame of encoder-decoders with one table of tokens, or two. Inputs {@code input_ids} [batch,
 * source_time], {@code decoder_input_ids} [batch, time], optionally {@code attention_mask} [batch,
 * source_time] and {@code decoder_attention_mask} [batch, past + time]. Outputs by task: {@code
 * logits} [batch, time, vocabulary], {@code logits} [batch, labels], {@code start_logits} and
 * {@code end_logits} [batch, time], or {@code last_hidden_state} [batch, time, width]. For classes
 * and answers the decoder reads the source again, one place later, unless it is given other tokens;
 * for classes as many of them.
 *
 * @param prefix path of the layers under a head; alone they stand at the top
 * @param classes of the source
 * @param labels how the decoder's input is made of them
 * @param shared whether both sides read the same table of tokens, at {@code shared}
 * @param logitsBias whether {@code final_logits_bias} [1, vocabulary] is added, which is not
 *     trained
 * @param extra rules for names in files
 */
public record EncoderDecoder(
    Config config,
    Task task,
    String prefix,
    int context,
    Encoder encoder,
    Decoder decoder,
    LanguageHead head,
    EndHead classes,
    ShiftedLoss.Labels labels,
    boolean shared,
    boolean logitsBias,
    NameRules extra)
    implements Pretrained, Storable<EncoderDecoder> {
  private static final String TABLE = "shared";
  private static final String OWN_TABLE = "embed_tokens";
  private static final String LOGITS_BIAS = "final_logits_bias";
  private static final String SOURCE_IDS = "input_ids";
  private static final String DECODER_IDS = "decoder_input_ids";
  private static final TensorType SOURCE = TensorType.i64("batch", "source_time");
  private static final TensorType TARGET = TensorType.i64("batch", "time");

  /** A bias that all layers share, and the path of its table below the side's. */
  public record Relative(String path, RelativePositionBias bias) {
    static @Nullable PairBias in(Scope scope, @Nullable Relative relative) {
      return relative == null ? null : relative.bias.in(scope.child(relative.path));
    }
  }

  /** What reads the source, at {@code encoder}. */
  public record Encoder(TokenEmbedder embedder, LayerStack stack, @Nullable Relative relative) {}

  /** What writes, at {@code decoder}. */
  public record Decoder(
      TokenEmbedder embedder, TransformerDecoder stack, @Nullable Relative relative) {}

  @Override
  public String family() {
    return config.modelType();
  }

  @Override
  public int vocabulary() {
    return decoder.embedder.table().rows();
  }

  @Override
  public int sourceVocabulary() {
    return encoder.embedder.table().rows();
  }

  @Override
  public boolean bounded() {
    return encoder.embedder.bounded();
  }

  @Override
  public String tokensInput() {
    return rereads() ? SOURCE_IDS : DECODER_IDS;
  }

  /** Whether the decoder reads the source. */
  private boolean rereads() {
    return task == Task.SEQUENCE_CLASSIFICATION || task == Task.QUESTION_ANSWERING;
  }

  @Override
  public Map<String, TensorType> inputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>();
    inputs.put(SOURCE_IDS, SOURCE);
    if (!rereads()) {
      inputs.put(DECODER_IDS, TARGET);
    }
    return inputs;
  }

  @Override
  public Map<String, TensorType> allInputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>(inputs());
    inputs.put("attention_mask", SOURCE);
    if (rereads()) {
      TensorType type = task == Task.SEQUENCE_CLASSIFICATION ? SOURCE : TARGET;
      inputs.put(DECODER_IDS, type);
      inputs.put("decoder_attention_mask", type);
    } else {
      inputs.put("decoder_attention_mask", TensorType.i64("batch", "past+time"));
    }
    return inputs;
  }

  @Override
  public void check(Map<String, HostTensor> inputs) {
    if (task == Task.SEQUENCE_CLASSIFICATION) {
      classes.check(inputs);
    }
  }

  @Override
  public EncoderDecoder asStored(StoredFile file) {
    String start = root().isEmpty() ? "" : root() + ".";
    String source = start + "encoder." + OWN_TABLE + ".weight";
    String target = start + "decoder." + OWN_TABLE + ".weight";
    String both = start + TABLE + ".weight";
    boolean apart = // newer releases of BART share no table where the head has its own
        logitsBias && !head.tied() && (file.differ(source, target) || file.differ(source, both));
    return new EncoderDecoder(
        config,
        task,
        prefix,
        context,
        new Encoder(
            StoredPositions.read(encoder.embedder, file, start + "encoder", context),
            encoder.stack,
            encoder.relative),
        new Decoder(
            StoredPositions.read(decoder.embedder, file, start + "decoder", context),
            decoder.stack,
            decoder.relative),
        head,
        classes,
        labels,
        shared && !apart,
        logitsBias,
        apart ? extra.ignoring("(.*\\.)?" + TABLE + "\\.weight") : extra);
  }

  private String root() {
    return task == Task.FEATURES ? "" : prefix;
  }

  @Override
  public Map<String, String> observable() {
    String start = root().isEmpty() ? "" : root() + ".";
    Map<String, String> paths = new LinkedHashMap<>();
    Map<String, String> source = encoder.stack.observable(start + "encoder");
    source.forEach((name, path) -> paths.put("encoder_" + name, path));
    String last = source.get("hidden_states." + encoder.stack.layers().size());
    paths.put("encoder_last_hidden_state", Objects.requireNonNull(last));
    decoder
        .stack
        .observable(start + "decoder")
        .forEach(
            (name, path) -> paths.put(name.startsWith("cross_") ? name : "decoder_" + name, path));
    return paths;
  }

  @Override
  public NameRules nameRules() {
    String start = root().isEmpty() ? "" : root() + ".";
    NameRules rules = extra;
    for (String side : shared ? List.of("encoder.", "decoder.") : List.<String>of()) {
      rules = rules.tying(start + side + OWN_TABLE + ".weight", start + TABLE + ".weight");
    }
    if (head.tied()) {
      String table = shared ? TABLE : "decoder." + OWN_TABLE;
      rules = rules.tying(head.name() + ".weight", start + table + ".weight");
    } else if (task == Task.FEATURES) {
      rules = rules.ignoring(head.name() + "\\.weight");
    }
    return task == Task.SEQ2SEQ_LM ? rules : rules.ignoring(LOGITS_BIAS);
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Tensor hidden = scope.in(root(), s -> translate(s, inputs)); // [batch, time, width]
    return switch (task) {
      case FEATURES -> Map.of("last_hidden_state", hidden);
      case SEQUENCE_CLASSIFICATION ->
          Map.of("logits", classes.apply(scope, inputs.get(SOURCE_IDS), hidden, labelCount()));
      case QUESTION_ANSWERING -> new SpanHead(Linear.Style.usual(), 0).apply(scope, hidden);
      default -> Map.of("logits", tokens(scope, hidden));
    };
  }

  private int labelCount() {
    return config.count("id2label", 2);
  }

  /** [batch, time, width] to [batch, time, vocabulary]. */
  private Tensor tokens(Scope scope, Tensor hidden) {
    Scope top = scope.child(root());
    Scope table = table(top, top.child("decoder"));
    Tensor logits = head.apply(scope, table, decoder.embedder.table(), hidden);
    if (logitsBias) {
      Tensor bias = scope.param(LOGITS_BIAS, Init.zeros(), 1, vocabulary());
      logits = logits.add(bias.stopGradient()); // [batch, time, vocabulary] + [1, vocabulary]
    }
    return logits;
  }

  private Scope table(Scope top, Scope side) {
    return shared ? top.child(TABLE) : side.child(OWN_TABLE);
  }

  private Tensor translate(Scope scope, Inputs inputs) {
    Scope sides = rereads() ? scope.uncached() : scope;
    Mask padding = Mask.keys(inputs.find("attention_mask"));
    Tensor memory =
        scope
            .uncached()
            .in(
                "encoder",
                s -> {
                  Tensor x = encoder.embedder.embed(s, table(scope, s), inputs.get("input_ids"));
                  return encoder.stack.apply(s, x, padding, Relative.in(s, encoder.relative));
                }); // [batch, source_time, width]
    return sides.in(
        "decoder",
        s -> {
          Tensor given = inputs.find(DECODER_IDS);
          Tensor ids = given == null ? labels.shift(inputs.get(SOURCE_IDS)) : given;
          Tensor x = decoder.embedder.embed(s, table(scope, s), ids);
          Mask mask = Mask.keys(inputs.find("decoder_attention_mask"));
          PairBias bias = Relative.in(s, decoder.relative);
          return decoder.stack.apply(s, x, mask, bias, memory, padding);
        });
  }

  @Override
  public Model withLoss() {
    return withLoss(DType.I64);
  }

  @Override
  public Model withLoss(DType type) {
    return switch (task) {
      case SEQUENCE_CLASSIFICATION -> ProblemType.loss(this, config, labelCount(), type);
      case QUESTION_ANSWERING -> new SpanLoss(this);
      default -> new ShiftedLoss(this, labels);
    };
  }

  @Override
  public Model trainable() {
    return task == Task.SEQ2SEQ_LM ? new NextToken(this) : withLoss();
  }
}
