package org.attention4j.nn;

import org.attention4j.op.Mask;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A stack of equal decoder layers, with cache entries by layer, and a last normalisation.
 *
 * @param norm last of all, or null: post-norm layers need none
 */
public record TransformerDecoder(
    TransformerDecoderLayer layer, int layers, @Nullable Block norm, StackNames names) {
  public TransformerDecoder {
    Sizes.requirePositive("TransformerDecoder", "layers", layers);
  }

  /**
   * [batch, time, width] to the same.
   *
   * @param mask added to that of every self-attention
   * @param bias of every self-attention's scores, or null
   * @param memory the encoder's output, [batch, source, any width]
   * @param memoryMask its padding
   */
  public Tensor apply(
      Scope scope, Tensor x, Mask mask, @Nullable PairBias bias, Tensor memory, Mask memoryMask) {
    Tensor y = x;
    for (int n = 0; n < layers; n++) {
      Tensor h = y;
      Scope cached = scope.layer(n);
      y =
          cached.in(
              names.layers() + "." + n, s -> layer.apply(s, h, mask, bias, memory, memoryMask));
    }
    return norm == null ? y : scope.call(names.norm(), norm, y);
  }
}
