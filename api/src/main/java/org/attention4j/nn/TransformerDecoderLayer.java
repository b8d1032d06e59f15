package org.attention4j.nn;

import org.attention4j.op.Mask;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Self-attention, cross-attention to an encoder's output, and a feed-forward network, each in a
 * residual connection (Vaswani et al. 2017, section 3.1). Cache entries are {@code decoder.key},
 * {@code decoder.value}, {@code encoder.key} and {@code encoder.value}.
 *
 * @param self causal, usually
 * @param cross with separate projections
 * @param residual all three connections
 */
public record TransformerDecoderLayer(
    MultiHeadAttention self,
    MultiHeadAttention cross,
    Block feedForward,
    Residual residual,
    Names names) {

  /**
   * Names below the layer's path; they may have several parts, and {@code feedForward} may be
   * empty.
   */
  public record Names(
      String self,
      String selfNorm,
      String cross,
      String crossNorm,
      String feedForward,
      String feedForwardNorm) {
    /** As in PyTorch. */
    public static final Names TORCH =
        new Names("self_attn", "norm1", "multihead_attn", "norm2", "", "norm3");
  }

  /**
   * [batch, time, width] to the same.
   *
   * @param mask added to that of the self-attention
   * @param bias of the self-attention's scores, or null
   * @param memory the encoder's output, [batch, source, any width]
   * @param memoryMask its padding
   */
  public Tensor apply(
      Scope scope, Tensor x, Mask mask, @Nullable PairBias bias, Tensor memory, Mask memoryMask) {
    Tensor y =
        residual.around(
            scope,
            names.selfNorm,
            x,
            h -> scope.in(names.self, s -> self.self(s.entries("decoder"), h, mask, bias)));
    Tensor z =
        residual.around(
            scope,
            names.crossNorm,
            y,
            h -> scope.in(names.cross, s -> cross.cross(s, h, memory, memoryMask)));
    return residual.around(
        scope, names.feedForwardNorm, z, h -> scope.call(names.feedForward, feedForward, h));
  }
}
