package org.attention4j.nn;

import java.util.Map;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/** A model whose linear layers are adapted; its own parameters keep their paths. */
public record AdaptedModel(Model model, LinearAdapter adapter) implements Model {
  @Override
  public Map<String, TensorType> inputs() {
    return model.inputs();
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    return model.apply(scope.adapted(adapter), inputs);
  }

  @Override
  public long lossTerms(Map<String, HostTensor> batch) {
    return model.lossTerms(batch);
  }
}
