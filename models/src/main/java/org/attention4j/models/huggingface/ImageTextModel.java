package org.attention4j.models.huggingface;

import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.TextTower.Read;
import org.attention4j.nn.Init;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * The frame of models that hold texts against images. Inputs {@code input_ids} [texts, time] and
 * {@code pixel_values} [batch, channels, size, size], optionally {@code attention_mask} and {@code
 * position_ids} [texts, time]. Outputs {@code text_embeds} [texts, width] and {@code image_embeds}
 * [batch, width] of length 1, and their products times a learned factor: {@code logits_per_text}
 * [texts, batch] and {@code logits_per_image} [batch, texts].
 *
 * @param width of the embeddings that are compared
 * @param scale start of the factor's logarithm, {@code logit_scale}
 */
record ImageTextModel(
    Config config,
    Task task,
    int context,
    TextTower text,
    ImageTower image,
    int width,
    double scale)
    implements Pretrained {
  private static final String TEXT = "text_model";
  private static final String IMAGE = "vision_model";
  private static final TensorType IDS = TensorType.i64("texts", "time");

  @Override
  public String family() {
    return config.modelType();
  }

  @Override
  public int vocabulary() {
    return text.embedder().table().rows();
  }

  @Override
  public Map<String, TensorType> inputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>();
    inputs.put("input_ids", IDS);
    int size = image.patches().size();
    inputs.put("pixel_values", TensorType.f32("batch", image.patches().channels(), size, size));
    return inputs;
  }

  @Override
  public Map<String, TensorType> allInputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>(inputs());
    inputs.put("attention_mask", IDS);
    inputs.put("position_ids", IDS);
    return inputs;
  }

  /** {@code text_model_output.hidden_states.N}, {@code vision_model_output.attentions.N} ... */
  @Override
  public Map<String, String> observable() {
    Map<String, String> paths = new LinkedHashMap<>();
    String last = "_output.last_hidden_state";
    text.stack().observable(TEXT).forEach((name, at) -> paths.put(TEXT + "_output." + name, at));
    paths.put(TEXT + last, TEXT + ".final_layer_norm");
    Map<String, String> seen = image.stack().observable(IMAGE);
    seen.forEach((name, at) -> paths.put(IMAGE + "_output." + name, at));
    paths.put(IMAGE + last, IMAGE + ".returned");
    return paths;
  }

  @Override
  public NameRules nameRules() {
    return NameRules.prefix("");
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Tensor texts = embedding(scope, "text_projection", pooledText(scope, inputs));
    Tensor images = embedding(scope, "visual_projection", pooledImage(scope, inputs));
    Tensor factor = scope.param("logit_scale", Init.constant(scale)).exp();
    Tensor logits = texts.matmulTransposed(images).mul(factor); // [texts, batch]
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    outputs.put("logits_per_image", logits.permute(1, 0));
    outputs.put("logits_per_text", logits);
    outputs.put("text_embeds", texts);
    outputs.put("image_embeds", images);
    return outputs;
  }

  private Tensor pooledText(Scope scope, Inputs inputs) {
    return scope.in(TEXT, s -> text.apply(s, inputs).pooled());
  }

  private Tensor pooledImage(Scope scope, Inputs inputs) {
    return scope.in(
        IMAGE,
        s -> {
          Read read = image.apply(s, inputs.get("pixel_values"));
          s.report("returned", read.hidden());
          return read.pooled();
        });
  }

  /** Projected without bias, then of length 1: [.., width]. */
  private Tensor embedding(Scope scope, String name, Tensor pooled) {
    Linear.Style style = Linear.Style.usual().withoutBias();
    Tensor x = scope.call(name, new Linear(pooled.type().size(-1), width, style), pooled);
    return x.div(x.mul(x).sum(-1).sqrt());
  }

  /** {@inheritDoc} Text n belongs to image n; there are no labels. */
  @Override
  public Model withLoss() {
    return new ContrastiveLoss(this);
  }

  @Override
  public Model trainable() {
    return withLoss();
  }
}
