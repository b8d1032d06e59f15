package org.attention4j.models.huggingface.model;

import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.error.UsageException;
import org.attention4j.models.family.Config;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * One side of {@link ImageTextModel} alone. Outputs {@code last_hidden_state} [batch, time, width],
 * and {@code pooler_output} [batch, width] or, with a projection, {@code text_embeds} or {@code
 * image_embeds} [batch, size]; for classes of images {@code logits} [batch, labels] of the patches'
 * mean.
 *
 * @param size of the projected vectors; 0 for none
 */
public record TowerModel(Config config, Task task, int context, Tower tower, int size)
    implements Pretrained {
  @Override
  public String family() {
    return config.modelType();
  }

  @Override
  public int vocabulary() {
    return tower.vocabulary();
  }

  @Override
  public Map<String, TensorType> inputs() {
    return alone(tower.inputs());
  }

  @Override
  public Map<String, TensorType> allInputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>(inputs());
    inputs.putAll(alone(tower.optional()));
    return inputs;
  }

  private static Map<String, TensorType> alone(Map<String, TensorType> types) {
    Map<String, TensorType> alone = new LinkedHashMap<>();
    types.forEach((name, type) -> alone.put(name, type.with(0, Dim.symbol("batch"))));
    return alone;
  }

  @Override
  public Map<String, String> observable() {
    return tower.stack().observable(tower.name());
  }

  @Override
  public NameRules nameRules() {
    NameRules rules = NameRules.prefix(tower.name());
    return classifies() ? rules.ignoring("vision_model\\.post_layernorm\\..*") : rules;
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Tower.Read read = tower.readAt(scope, inputs);
    if (classifies()) {
      Tensor hidden = read.hidden(); // [batch, 1 + patches, width]
      Tensor mean = hidden.slice(1, 1, hidden.dim(1)).mean(1).drop(1);
      Linear linear = new Linear(hidden.type().size(-1), labels(), Linear.Style.usual());
      return Map.of("logits", scope.call("classifier", linear, mean));
    }
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    outputs.put("last_hidden_state", read.hidden());
    if (size == 0) {
      outputs.put("pooler_output", read.pooled());
    } else {
      outputs.put(tower.embedding(), tower.project(scope, read.pooled(), size));
    }
    return outputs;
  }

  private boolean classifies() {
    return task == Task.IMAGE_CLASSIFICATION;
  }

  private int labels() {
    return config.count("id2label", 2);
  }

  @Override
  public Model withLoss() {
    return withLoss(DType.I64);
  }

  @Override
  public Model withLoss(DType type) {
    if (classifies()) {
      return ProblemType.loss(this, config, labels(), type);
    }
    throw new UsageException(
        family() + " alone has no loss; texts and images learn from each other in clip");
  }

  @Override
  public Model trainable() {
    return withLoss();
  }
}
