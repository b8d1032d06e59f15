package org.attention4j.nn.longcontext;

import org.attention4j.nn.Scope;
import org.attention4j.nn.Sizes;
import org.attention4j.op.AttentionCall;
import org.attention4j.op.Mask;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Causal attention to the last {@code window} slots, the query's own among them, as {@link
 * Mask#window}, in time and memory linear in the length on every engine: each chunk of a window's
 * length meets itself and the one before. Steps of a decoding take the mask.
 */
public record LocalAttention(int window) implements AttentionVariant {
  public LocalAttention {
    Sizes.requirePositive("LocalAttention", "window", window);
  }

  @Override
  public Tensor attend(
      Scope scope, Tensor query, Tensor key, Tensor value, @Nullable Tensor tokens) {
    Dim start = scope.start().dim();
    if (start == null || !start.is(0)) {
      return AttentionCall.of(query, key, value)
          .mask(Mask.window(window).and(Mask.keys(tokens)))
          .start(scope.start())
          .apply();
    }
    Chunks chunks = new Chunks(query.dim(2), window);
    Tensor q = chunks.cut(query, 2).mul(1 / Math.sqrt(query.type().size(-1)));
    Tensor keys = chunks.withPrevious(chunks.cut(key, 2), 2); // [.., count, 2 window, head_dim]
    Tensor weights = MaskedSoftmax.of(q.matmulTransposed(keys), near(chunks, q, tokens));
    return chunks.join(weights.matmul(chunks.withPrevious(chunks.cut(value, 2), 2)), 2);
  }

  /**
   * The last slots, as many as a chunk has: [count, size, 2 size], with padding [batch, 1, count,
   * size, 2 size].
   */
  static Tensor near(Chunks chunks, Tensor beside, @Nullable Tensor tokens) {
    Tensor query = chunks.slots(beside).insert(2); // [count, size, 1]
    Tensor key = chunks.slotsWithPrevious(beside).insert(1); // [count, 1, 2 size]
    Tensor close = key.le(query).and(query.sub(key).lt(chunks.size()));
    Tensor allowed = close.and(key.scalar(0).le(key));
    if (tokens == null) {
      return allowed;
    }
    Tensor token = chunks.cut(tokens.cast(DType.BOOL).cast(DType.I64), 1);
    Tensor seen = chunks.withPrevious(token, 1).cast(DType.BOOL); // [batch, count, 2 size]
    return allowed.and(seen.insert(1).insert(3));
  }
}
