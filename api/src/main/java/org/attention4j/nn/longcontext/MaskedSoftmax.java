package org.attention4j.nn.longcontext;

import org.attention4j.tensor.DType;
import org.attention4j.tensor.Tensor;

/** Softmax over the last axis where some scores do not count; a row without any is 0. */
final class MaskedSoftmax {
  private MaskedSoftmax() {}

  /** Hidden scores get a finite value: with -infinity the gradient would be 0 x NaN. */
  static Tensor hide(Tensor scores, Tensor allowed) {
    return allowed.where(scores, scores.scalar(scores.dtype() == DType.F16 ? -6e4 : -1e30));
  }

  /** The probabilities. */
  static Tensor of(Tensor scores, Tensor allowed) {
    Tensor p = hide(scores, allowed).softmax();
    return allowed.where(p, p.scalar(0));
  }
}
