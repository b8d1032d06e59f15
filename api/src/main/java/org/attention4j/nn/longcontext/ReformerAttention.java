package org.attention4j.nn.longcontext;

import org.attention4j.error.UsageException;
import org.attention4j.nn.Block;
import org.attention4j.nn.HeadProjections;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Multi-head self-attention of the Reformer (Kitaev et al. 2020): one projection for queries and
 * keys, and {@link LshAttention}. Parameters: those of the projections but the keys'. There is no
 * cache: which tokens meet depends on all that are sorted with them.
 *
 * @param heads as many for values as for queries
 */
public record ReformerAttention(Heads heads, HeadProjections projections, LshAttention attention)
    implements Block {
  public ReformerAttention {
    if (heads.keyValue() != heads.count()) {
      throw new UsageException(
          "ReformerAttention needs a value head for each query head, got "
              + heads.keyValue()
              + " for "
              + heads.count());
    }
  }

  /** With separate projections of the usual names. */
  public static ReformerAttention of(Heads heads, LshAttention attention) {
    return new ReformerAttention(heads, HeadProjections.separate(), attention);
  }

  /** [batch, time, width] to the same, without padding. */
  @Override
  public Tensor apply(Scope scope, Tensor x) {
    return apply(scope, x, null);
  }

  /**
   * [batch, time, width] to the same.
   *
   * @param tokens [batch, time], non-zero where there is a token; null for everywhere
   * @throws UsageException if there is a cache
   */
  public Tensor apply(Scope scope, Tensor x, @Nullable Tensor tokens) {
    Dim start = scope.start().dim();
    if (start == null || !start.is(0)) {
      throw new UsageException(
          "ReformerAttention sorts the whole sequence and has no cache: run it in"
              + " scope.uncached()");
    }
    Tensor query = projections.query(scope, heads, x); // [batch, heads, time, head_dim]
    Tensor value = projections.value(scope, heads, x);
    return projections.join(scope, heads, attention.apply(query, value, tokens));
  }
}
