package org.attention4j.nn;

import java.util.function.UnaryOperator;
import org.attention4j.op.Mask;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A layer that normalises before and after each branch: {@code x + after(f(before(x)))} (Gemma 2,
 * Riviere et al. 2024).
 *
 * @param norm all four normalisations, which have parameters of their own
 */
public record SandwichLayer(
    MultiHeadAttention attention, Block feedForward, Block norm, Names names) implements Layer {

  /** Names below the layer's path. */
  public record Names(
      String attention,
      String beforeAttention,
      String afterAttention,
      String feedForward,
      String beforeFeedForward,
      String afterFeedForward) {
    /** As in Gemma 2. */
    public static final Names GEMMA =
        new Names(
            "self_attn",
            "input_layernorm",
            "post_attention_layernorm",
            "mlp",
            "pre_feedforward_layernorm",
            "post_feedforward_layernorm");
  }

  @Override
  public Tensor apply(Scope scope, Tensor x, Mask mask, @Nullable PairBias bias) {
    Tensor y =
        around(
            scope,
            names.beforeAttention,
            names.afterAttention,
            x,
            h -> scope.in(names.attention, s -> attention.self(s, h, mask, bias)));
    return around(
        scope,
        names.beforeFeedForward,
        names.afterFeedForward,
        y,
        h -> scope.call(names.feedForward, feedForward, h));
  }

  private Tensor around(
      Scope scope, String before, String after, Tensor x, UnaryOperator<Tensor> branch) {
    return x.add(scope.call(after, norm, branch.apply(scope.call(before, norm, x))));
  }

  @Override
  public String attentionName() {
    return names.attention;
  }
}
