package org.attention4j.models.huggingface;

import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.error.UsageException;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.EncoderDecoder.Encoder;
import org.attention4j.models.huggingface.EncoderDecoder.Relative;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.op.Mask;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * The encoder of an encoder-decoder alone. Inputs {@code input_ids} [batch, time], optionally
 * {@code attention_mask} of the same shape; outputs {@code last_hidden_state} [batch, time, width]
 * and what {@link SentencePooling} makes of a sentence.
 *
 * @param rules for names in files, which may hold the decoder as well
 */
record SourceModel(
    Config config,
    Task task,
    int context,
    Encoder encoder,
    SentencePooling pooling,
    NameRules rules)
    implements Pretrained {
  private static final String TABLE = "shared";
  private static final TensorType IDS = TensorType.i64("batch", "time");

  @Override
  public String family() {
    return config.modelType();
  }

  @Override
  public int vocabulary() {
    return encoder.embedder().table().rows();
  }

  @Override
  public Map<String, TensorType> inputs() {
    return Map.of("input_ids", IDS);
  }

  @Override
  public Map<String, TensorType> allInputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>(inputs());
    inputs.put("attention_mask", IDS);
    return inputs;
  }

  @Override
  public Map<String, String> observable() {
    return encoder.stack().observable("encoder");
  }

  @Override
  public NameRules nameRules() {
    return rules
        .tying("encoder.embed_tokens.weight", TABLE + ".weight")
        .ignoring("decoder\\..*")
        .ignoring("lm_head\\..*");
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Tensor mask = inputs.find("attention_mask");
    Tensor hidden =
        scope
            .uncached()
            .in(
                "encoder",
                s -> {
                  Scope table = scope.child(TABLE);
                  Tensor x = encoder.embedder().embed(s, table, inputs.get("input_ids"));
                  return encoder
                      .stack()
                      .apply(s, x, Mask.keys(mask), Relative.in(s, encoder.relative()));
                }); // [batch, time, width]
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    outputs.put("last_hidden_state", hidden);
    outputs.putAll(pooling.outputs(scope, hidden, mask));
    return outputs;
  }

  @Override
  public Model withLoss() {
    throw new UsageException("an encoder of " + family() + " alone has no loss");
  }

  @Override
  public Model trainable() {
    return withLoss();
  }
}
