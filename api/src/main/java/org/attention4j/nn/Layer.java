package org.attention4j.nn;

import org.attention4j.op.Mask;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** One layer of a stack of self-attention: [batch, time, width] to the same. */
public interface Layer {
  /**
   * Computes the layer.
   *
   * @param mask added to that of the attention: padding
   * @param bias of the scores, or null
   */
  Tensor apply(Scope scope, Tensor x, Mask mask, @Nullable PairBias bias);

  /** The path of its attention, below the layer's. */
  String attentionName();
}
