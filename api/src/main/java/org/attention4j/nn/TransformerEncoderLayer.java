package org.attention4j.nn;

import org.attention4j.op.Mask;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Self-attention and a feed-forward network, each in a residual connection. With a causal mask in
 * the attention it is the layer of a decoder-only model.
 *
 * @param feedForward any block of one width
 * @param residual both connections
 */
public record TransformerEncoderLayer(
    MultiHeadAttention attention, Block feedForward, Residual residual, Names names)
    implements Block, Layer {

  /**
   * Names below the layer's path; they may have several parts, and {@code feedForward} may be
   * empty, so that its linear layers stand directly below the layer.
   *
   * @param attentionNorm normalisation of the first connection
   * @param feedForwardNorm normalisation of the second
   */
  public record Names(
      String attention, String attentionNorm, String feedForward, String feedForwardNorm) {
    /** As in PyTorch. */
    public static final Names TORCH = new Names("self_attn", "norm1", "", "norm2");

    /** As in GPT-2. */
    public static final Names GPT2 = new Names("attn", "ln_1", "mlp", "ln_2");

    /** As in Llama. */
    public static final Names LLAMA =
        new Names("self_attn", "input_layernorm", "mlp", "post_attention_layernorm");
  }

  /** Without padding or bias: [batch, time, width] to the same. */
  @Override
  public Tensor apply(Scope scope, Tensor x) {
    return apply(scope, x, Mask.all(), null);
  }

  @Override
  public Tensor apply(Scope scope, Tensor x, Mask mask, @Nullable PairBias bias) {
    Tensor y =
        residual.around(
            scope,
            names.attentionNorm,
            x,
            h -> scope.in(names.attention, s -> attention.self(s, h, mask, bias)));
    return residual.around(
        scope, names.feedForwardNorm, y, h -> scope.call(names.feedForward, feedForward, h));
  }

  @Override
  public String attentionName() {
    return names.attention;
  }
}
