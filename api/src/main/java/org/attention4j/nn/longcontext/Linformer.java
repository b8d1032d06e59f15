package org.attention4j.nn.longcontext;

import org.attention4j.error.ShapeException;
import org.attention4j.error.UsageException;
import org.attention4j.nn.Init;
import org.attention4j.nn.Scope;
import org.attention4j.nn.Sizes;
import org.attention4j.op.AttentionCall;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Linformer (Wang et al. 2020, equation 7): keys and values are projected along time to {@code
 * rank} rows, and queries attend to those. Not causal: each row mixes the whole sequence, so that
 * it belongs in encoders and there is no cache.
 *
 * <p>Parameters, shared by the heads: {@code key_projection} and {@code value_projection} [rank,
 * context]; shorter sequences use the first columns. Sharing one projection for both is {@code
 * projection} [rank, context].
 *
 * @param context longest sequence
 * @param rank rows that stand for the sequence
 * @param shared whether keys and values share a projection
 */
public record Linformer(int context, int rank, boolean shared) implements AttentionVariant {
  public Linformer {
    Sizes.requirePositive("Linformer", "context", context, "rank", rank);
  }

  /** Padding adds nothing to the projected rows. */
  @Override
  public Tensor attend(
      Scope scope, Tensor query, Tensor key, Tensor value, @Nullable Tensor tokens) {
    Dim start = scope.start().dim();
    if (start == null || !start.is(0)) {
      throw new UsageException(
          "Linformer mixes the whole sequence and has no cache: run it in scope.uncached()");
    }
    Tensor k = project(scope, shared ? "projection" : "key_projection", key, tokens);
    Tensor v = project(scope, shared ? "projection" : "value_projection", value, tokens);
    return AttentionCall.of(query, k, v).apply();
  }

  /** [batch, heads, keys, size] to [batch, heads, rank, size]. */
  private Tensor project(Scope scope, String name, Tensor x, @Nullable Tensor tokens) {
    Dim time = x.dim(2);
    if (time.known() && time.longSize() > context) {
      throw new ShapeException(
          "Linformer: " + time + " tokens are more than the context of " + context);
    }
    Tensor rows =
        scope
            .param(name, Init.normal(1 / Math.sqrt((double) rank)), rank, context)
            .slice(1, 0, time);
    Tensor seen = x;
    if (tokens != null) {
      Tensor token = tokens.cast(DType.BOOL).cast(x.dtype());
      seen = x.mul(token.insert(1).insert(-1)); // [batch, 1, keys, 1]
    }
    return Chunks.mix(rows, seen);
  }
}
