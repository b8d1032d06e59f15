package org.attention4j.conformance.golden;

import java.util.Map;
import java.util.function.BiFunction;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/** A model from an expression; its input types are those of the recorded case. */
record Recipe(BiFunction<Scope, Model.Inputs, Map<String, Tensor>> body) implements Model {
  @Override
  public Map<String, TensorType> inputs() {
    return Map.of();
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs given) {
    return body.apply(scope, given);
  }
}
