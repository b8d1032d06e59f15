package org.attention4j.nn.longcontext;

import org.attention4j.error.UsageException;
import org.attention4j.nn.Block;
import org.attention4j.nn.HeadProjections;
import org.attention4j.nn.HeadProjections.Projected;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Multi-head self-attention whose heads compute a {@link AttentionVariant}. The parameters of the
 * projections are those of {@link org.attention4j.nn.MultiHeadAttention}; those of the variant
 * stand below {@code variant}.
 *
 * @param heads as many for keys and values as for queries
 */
public record LongContextAttention(
    Heads heads, HeadProjections projections, AttentionVariant variant) implements Block {
  public LongContextAttention {
    if (heads.keyValue() != heads.count()) {
      throw new UsageException(
          "LongContextAttention needs a key head for each query head, got "
              + heads.keyValue()
              + " for "
              + heads.count());
    }
  }

  /** With separate projections of the usual names. */
  public static LongContextAttention of(Heads heads, AttentionVariant variant) {
    return new LongContextAttention(heads, HeadProjections.separate(), variant);
  }

  /** [batch, time, width] to the same, without padding. */
  @Override
  public Tensor apply(Scope scope, Tensor x) {
    return apply(scope, x, null);
  }

  /**
   * [batch, time, width] to the same.
   *
   * @param tokens [batch, keys], non-zero where there is a token; null for everywhere
   */
  public Tensor apply(Scope scope, Tensor x, @Nullable Tensor tokens) {
    Projected p = projections.project(scope, heads, x);
    Tensor key = scope.extend("key", p.key(), 2); // [batch, heads, past + time, head_dim]
    Tensor value = scope.extend("value", p.value(), 2);
    Tensor y = scope.in("variant", s -> variant.attend(s, p.query(), key, value, tokens));
    return projections.join(scope, heads, y);
  }
}
