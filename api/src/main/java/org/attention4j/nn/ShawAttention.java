package org.attention4j.nn;

import org.attention4j.error.UsageException;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.op.AttentionCall;
import org.attention4j.op.Mask;
import org.attention4j.op.Positions;
import org.attention4j.op.Start;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Primitive;
import org.attention4j.tensor.Tensor;

/**
 * Self-attention with relative position representations (Shaw et al. 2018, equations 3 and 4): an
 * embedding of the distance, clipped, is added to each pair's key and value. Embeddings are shared
 * by the heads, and there is one product for each distance and query, not for each pair (section
 * 3.3).
 *
 * <p>Parameters: those of the projections, {@code key_distances} and {@code value_distances} [2
 * maxDistance + 1, head_dim], whose middle row is the query's own slot and whose last ones are for
 * keys behind it.
 *
 * @param heads as many for keys and values as for queries
 * @param maxDistance beyond which distances are not told apart
 * @param mask structure that every call has
 */
public record ShawAttention(Heads heads, HeadProjections projections, int maxDistance, Mask mask)
    implements Block {
  public ShawAttention {
    Sizes.requirePositive("ShawAttention", "maxDistance", maxDistance);
    if (heads.keyValue() != heads.count()) {
      throw new UsageException(
          "ShawAttention needs a key head for each query head, got "
              + heads.keyValue()
              + " for "
              + heads.count());
    }
  }

  /** [batch, time, width] to the same, without padding. */
  @Override
  public Tensor apply(Scope scope, Tensor x) {
    return self(scope, x, Mask.all());
  }

  /**
   * [batch, time, width] to the same.
   *
   * @param more added to the block's own mask: padding
   */
  public Tensor self(Scope scope, Tensor x, Mask more) {
    HeadProjections.Projected p = projections.project(scope, heads, x);
    Tensor query = p.query();
    Tensor key = scope.extend("key", p.key(), 2); // [batch, heads, past + time, head_dim]
    Tensor value = scope.extend("value", p.value(), 2);
    Tensor distance = distances(query, key.dim(2), scope.start());
    double scale = 1 / Math.sqrt((double) heads.size());
    Tensor ofDistance = query.matmulTransposed(table(scope, "key_distances")).mul(scale);
    Tensor weights =
        AttentionCall.of(query, key, value)
            .mask(mask.and(more))
            .start(scope.start())
            .bias(ofDistance.takeAlong(3, distance))
            .weights(); // [batch, heads, queries, keys]
    scope.report("weights", weights);
    Dim rows = Dim.of(2L * maxDistance + 1);
    Tensor byDistance = distance.apply(new Primitive.ScatterAlong(3, rows), weights);
    Tensor y = weights.matmul(value).add(byDistance.matmul(table(scope, "value_distances")));
    return projections.join(scope, heads, y);
  }

  private Tensor table(Scope scope, String name) {
    return scope.param(name, Init.normal(0.02), 2 * maxDistance + 1, heads.size());
  }

  /** Rows of the tables, i64 [batch, heads, queries, keys]. */
  private Tensor distances(Tensor query, Dim keys, Start start) {
    Tensor relative = Positions.relativeSlots(query, start, query.dim(2), keys);
    Tensor row = relative.max(-maxDistance).min(maxDistance).add(maxDistance);
    return row.expand(query.type().with(-1, keys).dims());
  }
}
