package org.attention4j.models.huggingface.model;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.attention4j.models.family.Config;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.nn.TransformerDecoder;
import org.attention4j.op.Mask;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.train.NextToken;

/**
 * The frame of models from speech to text. Inputs {@code input_features} [batch, mels, frames],
 * {@code decoder_input_ids} [batch, time], optionally {@code decoder_attention_mask} [batch, past +
 * time]. Outputs by task: {@code logits} [batch, time, vocabulary] or {@code last_hidden_state}
 * [batch, time, width].
 *
 * @param encoder what listens, at {@code encoder}
 * @param embedder of the tokens, below {@code decoder}
 * @param decoder what writes, at {@code decoder}
 * @param labels how the decoder's input is made of them
 */
public record SpeechModel(
    Config config,
    Task task,
    int context,
    SpeechEncoder encoder,
    TokenEmbedder embedder,
    TransformerDecoder decoder,
    LanguageHead head,
    ShiftedLoss.Labels labels)
    implements Pretrained {
  private static final String PREFIX = "model";
  private static final String DECODER_IDS = "decoder_input_ids";

  @Override
  public String family() {
    return config.modelType();
  }

  @Override
  public int vocabulary() {
    return embedder.table().rows();
  }

  @Override
  public String tokensInput() {
    return DECODER_IDS;
  }

  @Override
  public Map<String, TensorType> inputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>();
    inputs.put("input_features", TensorType.f32("batch", encoder.first().in(), encoder.frames()));
    inputs.put(DECODER_IDS, TensorType.i64("batch", "time"));
    return inputs;
  }

  @Override
  public Map<String, TensorType> allInputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>(inputs());
    inputs.put("decoder_attention_mask", TensorType.i64("batch", "past+time"));
    return inputs;
  }

  private String root() {
    return task == Task.FEATURES ? "" : PREFIX;
  }

  private String start() {
    return root().isEmpty() ? "" : root() + ".";
  }

  @Override
  public Map<String, String> observable() {
    Map<String, String> paths = new LinkedHashMap<>();
    Map<String, String> sound = encoder.stack().observable(start() + "encoder");
    sound.forEach((name, path) -> paths.put("encoder_" + name, path));
    String last = sound.get("hidden_states." + encoder.stack().layers().size());
    paths.put("encoder_last_hidden_state", Objects.requireNonNull(last));
    decoder
        .observable(start() + "decoder")
        .forEach(
            (name, path) -> paths.put(name.startsWith("cross_") ? name : "decoder_" + name, path));
    return paths;
  }

  @Override
  public NameRules nameRules() {
    String table = start() + "decoder." + embedder.tableName() + ".weight";
    NameRules rules = NameRules.prefix(PREFIX);
    return task == Task.FEATURES || head.tied()
        ? rules.tying(head.name() + ".weight", table)
        : rules;
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Tensor hidden = scope.in(root(), s -> write(s, inputs)); // [batch, time, width]
    if (task == Task.FEATURES) {
      return Map.of("last_hidden_state", hidden);
    }
    Scope table = scope.child(root()).child("decoder").child(embedder.tableName());
    return Map.of("logits", head.apply(scope, table, embedder.table(), hidden));
  }

  private Tensor write(Scope scope, Inputs inputs) {
    Tensor features = inputs.get("input_features");
    Tensor memory =
        scope
            .uncached()
            .in("encoder", s -> encoder.apply(s, features)); // [batch, positions, width]
    return scope.in(
        "decoder",
        s -> {
          Scope table = s.child(embedder.tableName());
          Tensor x = embedder.embed(s, table, inputs.get(DECODER_IDS));
          Mask mask = Mask.keys(inputs.find("decoder_attention_mask"));
          return decoder.apply(s, x, mask, null, memory, Mask.all());
        });
  }

  @Override
  public Model withLoss() {
    return new ShiftedLoss(this, labels);
  }

  @Override
  public Model trainable() {
    return task == Task.SEQ2SEQ_LM ? new NextToken(this) : withLoss();
  }
}
