package org.attention4j.nn;

import org.attention4j.op.Mask;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A stack of equal layers, with cache entries by layer, and a last normalisation.
 *
 * @param norm last of all, or null: post-norm layers need none
 */
public record TransformerEncoder(
    TransformerEncoderLayer layer, int layers, @Nullable Block norm, StackNames names)
    implements Block {
  public TransformerEncoder {
    Sizes.requirePositive("TransformerEncoder", "layers", layers);
  }

  /** Without padding or bias: [batch, time, width] to the same. */
  @Override
  public Tensor apply(Scope scope, Tensor x) {
    return apply(scope, x, Mask.all(), null);
  }

  /**
   * [batch, time, width] to the same.
   *
   * @param mask added to that of every layer
   * @param bias of every layer's scores, or null
   */
  public Tensor apply(Scope scope, Tensor x, Mask mask, @Nullable PairBias bias) {
    Tensor y = x;
    for (int n = 0; n < layers; n++) {
      Tensor h = y;
      Scope cached = scope.layer(n);
      y = cached.in(names.layers() + "." + n, s -> layer.apply(s, h, mask, bias));
    }
    return norm == null ? y : scope.call(names.norm(), norm, y);
  }
}
