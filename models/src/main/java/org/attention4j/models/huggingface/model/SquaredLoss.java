package org.attention4j.models.huggingface.model;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * A model of numbers for each sequence, {@code logits} [batch, numbers], with the mean squared
 * error against the input {@code labels}, floating [batch, numbers], or [batch] where there is one
 * number. Adds the output {@code loss}.
 */
record SquaredLoss(Model model, int numbers) implements Model {
  @Override
  public Map<String, TensorType> inputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>(model.inputs());
    inputs.put("labels", numbers == 1 ? TensorType.f32("batch") : TensorType.f32("batch", numbers));
    return inputs;
  }

  @Override
  public long lossTerms(Map<String, HostTensor> batch) {
    return Objects.requireNonNull(batch.get("labels"), "no labels").size();
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Map<String, Tensor> outputs = new LinkedHashMap<>(model.apply(scope, inputs.without("labels")));
    Tensor logits = Objects.requireNonNull(outputs.get("logits"), "the model has no logits");
    Tensor found = numbers == 1 ? logits.drop(-1) : logits;
    Tensor error = found.sub(inputs.get("labels").cast(logits.dtype()));
    Tensor squares = error.mul(error);
    Tensor flat = numbers == 1 ? squares : squares.merge(0, 2); // [batch * numbers]
    outputs.put("loss", flat.mean(0).drop(0));
    return outputs;
  }
}
