package org.attention4j.nn;

import org.attention4j.op.Positions;
import org.attention4j.tensor.Tensor;

/**
 * T5's learned bias of a bucket of distances (Raffel et al. 2020, section 2.1). Parameter: {@code
 * weight} [buckets, heads].
 *
 * @param maxDistance from which on all distances share the last bucket
 * @param bidirectional whether keys after the query have buckets of their own: encoders
 */
public record RelativePositionBias(int buckets, int maxDistance, int heads, boolean bidirectional) {
  public RelativePositionBias {
    Sizes.requirePositive(
        "RelativePositionBias", "buckets", buckets, "maxDistance", maxDistance, "heads", heads);
  }

  /** The bias of a scope, which several layers may share: [1, heads, queries, keys]. */
  public PairBias in(Scope scope) {
    return (query, key) -> {
      Tensor relative = Positions.relativeSlots(query, scope.start(), query.dim(2), key.dim(2));
      Tensor bucket = Positions.relativeBuckets(relative, buckets, maxDistance, bidirectional);
      Tensor table = scope.param("weight", Init.normal(0.02), buckets, heads);
      return table.take(bucket).permute(2, 0, 1).insert(0); // [1, heads, queries, keys]
    };
  }
}
