package org.attention4j.models.huggingface.model;

import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.error.UsageException;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.EncoderDecoder.Encoder;
import org.attention4j.models.huggingface.model.EncoderDecoder.Relative;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.op.Mask;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * The encoder of an encoder-decoder alone, perhaps with classes of tokens. Inputs {@code input_ids}
 * [batch, time], optionally {@code attention_mask} of the same shape; outputs {@code
 * last_hidden_state} [batch, time, width] and what {@link SentencePooling} makes of a sentence, or
 * {@code logits} [batch, time, labels].
 *
 * @param prefix path of the encoder under a head
 * @param rules for names in files, which may hold the decoder as well
 */
public record SourceModel(
    Config config,
    Task task,
    String prefix,
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
    return encoder.stack().observable(start() + "encoder");
  }

  private boolean classifies() {
    return task == Task.TOKEN_CLASSIFICATION;
  }

  private String start() {
    return classifies() ? prefix + "." : "";
  }

  @Override
  public NameRules nameRules() {
    return rules
        .tying(start() + "encoder.embed_tokens.weight", start() + TABLE + ".weight")
        .ignoring("decoder\\..*")
        .ignoring("lm_head\\..*");
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Tensor mask = inputs.find("attention_mask");
    Scope top = scope.child(classifies() ? prefix : "");
    Tensor hidden =
        top.uncached()
            .in(
                "encoder",
                s -> {
                  Scope table = top.child(TABLE);
                  Tensor x = encoder.embedder().embed(s, table, inputs.get("input_ids"));
                  return encoder
                      .stack()
                      .apply(s, x, Mask.keys(mask), Relative.in(s, encoder.relative()));
                }); // [batch, time, width]
    if (classifies()) {
      Linear linear = new Linear(hidden.type().size(-1), labels(), Linear.Style.usual());
      double dropout = config.number("classifier_dropout", 0);
      Tensor x = scope.dropout("classifier.dropout", hidden, dropout);
      return Map.of("logits", scope.call("classifier", linear, x));
    }
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    outputs.put("last_hidden_state", hidden);
    outputs.putAll(pooling.outputs(scope, hidden, mask));
    return outputs;
  }

  private int labels() {
    return config.count("id2label", 2);
  }

  @Override
  public Model withLoss() {
    if (classifies()) {
      return new LabelLoss(this, IDS, false);
    }
    throw new UsageException("an encoder of " + family() + " alone has no loss");
  }

  @Override
  public Model trainable() {
    return withLoss();
  }
}
