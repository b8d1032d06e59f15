package org.attention4j.models.huggingface;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * A model of one number for each sequence, {@code logits} [batch, 1], with the mean squared error
 * against the input {@code labels}, floating [batch]. Adds the output {@code loss}.
 */
record SquaredLoss(Model model) implements Model {
  @Override
  public Map<String, TensorType> inputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>(model.inputs());
    inputs.put("labels", TensorType.f32("batch"));
    return inputs;
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Map<String, Tensor> outputs = new LinkedHashMap<>(model.apply(scope, inputs.without("labels")));
    Tensor logits = Objects.requireNonNull(outputs.get("logits"), "the model has no logits");
    Tensor error = logits.drop(-1).sub(inputs.get("labels").cast(logits.dtype())); // [batch]
    outputs.put("loss", error.mul(error).mean(0).drop(0));
    return outputs;
  }
}
