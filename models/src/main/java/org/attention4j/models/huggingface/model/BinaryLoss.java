package org.attention4j.models.huggingface.model;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.op.Activation;
import org.attention4j.op.Activation.Kind;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * A model of classes of which several may hold, with the mean binary cross-entropy of its {@code
 * logits} [batch, classes] against the input {@code labels}, floating of the same shape, from 0 to
 * 1. Adds the output {@code loss}.
 */
record BinaryLoss(Model model, int classes) implements Model {
  @Override
  public Map<String, TensorType> inputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>(model.inputs());
    inputs.put("labels", TensorType.f32("batch", classes));
    return inputs;
  }

  @Override
  public long lossTerms(Map<String, HostTensor> batch) {
    return Objects.requireNonNull(batch.get("labels"), "no labels").size();
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Map<String, Tensor> outputs = new LinkedHashMap<>(model.apply(scope, inputs.without("labels")));
    Tensor x = Objects.requireNonNull(outputs.get("logits"), "the model has no logits");
    Tensor wanted = inputs.get("labels").cast(x.dtype());
    Tensor losses = Activation.apply(Kind.SOFTPLUS, x).sub(x.mul(wanted)); // [batch, classes]
    outputs.put("loss", losses.merge(0, 2).mean(0).drop(0));
    return outputs;
  }
}
