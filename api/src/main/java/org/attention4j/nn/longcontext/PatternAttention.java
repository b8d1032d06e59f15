package org.attention4j.nn.longcontext;

import org.attention4j.nn.Scope;
import org.attention4j.op.AttentionCall;
import org.attention4j.op.Mask;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Dense attention under the mask of a pattern, any pattern: time and memory of the square of the
 * length. The sparse variants give the same numbers, and take this way for the few queries of a
 * step with a cache.
 */
public record PatternAttention(SlotPattern pattern) implements AttentionVariant {
  @Override
  public Tensor attend(
      Scope scope, Tensor query, Tensor key, Tensor value, @Nullable Tensor tokens) {
    Mask mask = pattern.mask(query, scope.start(), query.dim(2), key.dim(2));
    return AttentionCall.of(query, key, value)
        .mask(mask.and(Mask.keys(tokens)))
        .start(scope.start())
        .apply();
  }
}
