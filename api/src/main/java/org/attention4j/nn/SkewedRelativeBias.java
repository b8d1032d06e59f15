package org.attention4j.nn;

import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;

/**
 * Learned relative positions of the Music Transformer (Huang et al. 2019, equation 3): the score of
 * a pair gains the product of the query with an embedding of the distance. Beside the scores it
 * takes memory of {@code keys * head_dim}, not an embedding for each pair. For causal attention.
 * Parameter: {@code weight} [maxDistance, heads, head_dim]; row r is for keys r slots before the
 * query.
 *
 * @param maxDistance rows; all that is farther shares the last one
 * @param size features of a head
 */
public record SkewedRelativeBias(int maxDistance, int heads, int size) {
  public SkewedRelativeBias {
    Sizes.requirePositive(
        "SkewedRelativeBias", "maxDistance", maxDistance, "heads", heads, "size", size);
  }

  /** The bias of a scope, which several layers may share: [batch, heads, queries, keys]. */
  public PairBias in(Scope scope) {
    return (query, key) -> {
      Dim keys = key.dim(2);
      Tensor row = RelativeLogits.distances(query, keys).min(maxDistance - 1.0);
      Tensor table = scope.param("weight", Init.normal(0.02), maxDistance, heads, size);
      Tensor embedded = table.take(row).permute(1, 0, 2); // [heads, keys, head_dim]
      Tensor byDistance = query.matmulTransposed(embedded).mul(1 / Math.sqrt((double) size));
      return RelativeLogits.align(byDistance, scope.start());
    };
  }
}
