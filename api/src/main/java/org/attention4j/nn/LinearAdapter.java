package org.attention4j.nn;

import org.attention4j.tensor.Tensor;

/** Changes what the linear layers below a scope compute, without changing their weights. */
@FunctionalInterface
public interface LinearAdapter {
  /**
   * The output instead of the layer's own.
   *
   * @param scope of the layer; parameters of the adapter are asked for there
   * @param x input of the layer [.., in]
   * @param y output of the layer [.., out]
   */
  Tensor adapt(Scope scope, Linear layer, Tensor x, Tensor y);
}
