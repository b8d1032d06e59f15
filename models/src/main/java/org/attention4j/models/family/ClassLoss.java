package org.attention4j.models.family;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.op.CrossEntropy;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/** A classifier with its loss: cross-entropy of {@code logits} against {@code targets} [batch]. */
public record ClassLoss(Model model) implements Model {
  @Override
  public Map<String, TensorType> inputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>(model.inputs());
    inputs.put("targets", TensorType.i64("batch"));
    return inputs;
  }

  @Override
  public long lossTerms(Map<String, HostTensor> batch) {
    return CrossEntropy.mean().counted(Objects.requireNonNull(batch.get("targets")));
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Map<String, Tensor> outputs =
        new LinkedHashMap<>(model.apply(scope, inputs.without("targets")));
    Tensor logits = Objects.requireNonNull(outputs.get("logits"));
    outputs.put("loss", logits.apply(CrossEntropy.mean(), inputs.get("targets")));
    return outputs;
  }
}
