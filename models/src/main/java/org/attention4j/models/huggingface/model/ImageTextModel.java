package org.attention4j.models.huggingface.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.models.family.Config;
import org.attention4j.nn.Init;
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
public record ImageTextModel(
    Config config,
    Task task,
    int context,
    TextTower text,
    ImageTower image,
    int width,
    double scale)
    implements Pretrained {
  private static final String OUTPUT = "_output.";

  @Override
  public String family() {
    return config.modelType();
  }

  @Override
  public int vocabulary() {
    return text.vocabulary();
  }

  @Override
  public Map<String, TensorType> inputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>(text.inputs());
    inputs.putAll(image.inputs());
    return inputs;
  }

  @Override
  public Map<String, TensorType> allInputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>(inputs());
    inputs.putAll(text.optional());
    inputs.putAll(image.optional());
    return inputs;
  }

  /** {@code text_model_output.hidden_states.N}, {@code vision_model_output.attentions.N} ... */
  @Override
  public Map<String, String> observable() {
    Map<String, String> paths = new LinkedHashMap<>();
    for (Tower tower : List.of(text, image)) {
      String output = tower.name() + OUTPUT;
      Map<String, String> own = tower.stack().observable(tower.name());
      own.forEach((name, at) -> paths.put(output + name, at));
      paths.put(output + "last_hidden_state", tower.name() + ".returned");
    }
    return paths;
  }

  @Override
  public NameRules nameRules() {
    return NameRules.prefix("");
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Tensor texts = unit(scope, text, inputs);
    Tensor images = unit(scope, image, inputs);
    Tensor factor = scope.param("logit_scale", Init.constant(scale)).exp();
    Tensor logits = texts.matmulTransposed(images).mul(factor); // [texts, batch]
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    outputs.put("logits_per_image", logits.permute(1, 0));
    outputs.put("logits_per_text", logits);
    outputs.put(text.embedding(), texts);
    outputs.put(image.embedding(), images);
    return outputs;
  }

  /** Vectors of length 1: [.., width]. */
  private Tensor unit(Scope scope, Tower tower, Inputs inputs) {
    Tensor x = tower.project(scope, tower.readAt(scope, inputs).pooled(), width);
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
