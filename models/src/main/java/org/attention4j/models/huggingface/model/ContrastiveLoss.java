package org.attention4j.models.huggingface.model;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.op.CrossEntropy;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * A model of texts and images with the loss of Radford et al. 2021, figure 3: cross-entropy among
 * all images for each text, and among all texts for each image, text n belonging to image n. As
 * many texts as images. Adds the output {@code loss}.
 */
record ContrastiveLoss(Pretrained model) implements Model {
  @Override
  public Map<String, TensorType> inputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>(model.inputs());
    TensorType ids = TensorType.i64("batch", "time");
    inputs.put("input_ids", ids);
    inputs.put("attention_mask", ids); // texts of a batch differ in length
    return inputs;
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Map<String, Tensor> outputs = new LinkedHashMap<>(model.apply(scope, inputs));
    Tensor logits = Objects.requireNonNull(outputs.get("logits_per_text")); // [batch, batch]
    Tensor own = logits.iota(logits.dim(0)); // [batch]
    Tensor texts = logits.apply(CrossEntropy.mean(), own);
    Tensor images = logits.permute(1, 0).apply(CrossEntropy.mean(), own);
    outputs.put("loss", texts.add(images).mul(0.5));
    return outputs;
  }
}
