package org.attention4j.nn;

import org.attention4j.op.Positions;
import org.attention4j.op.Start;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;

/**
 * Scores that depend on the query and on how far back the key is, for causal attention.
 *
 * <p>The input has a column for each distance: [batch, heads, queries, keys], where column c stands
 * for the distance {@code keys - 1 - c}, so that the last one is the query's own slot. The result
 * has a column for each key. What stands where the key is behind the query is arbitrary, and for a
 * causal mask to hide.
 */
public final class RelativeLogits {
  private RelativeLogits() {}

  /** By {@link #skew} where the last query's slot is the last key's, else by {@link #gather}. */
  public static Tensor align(Tensor byDistance, Start start) {
    Dim first = start.dim();
    Dim queries = byDistance.dim(2);
    boolean together = first != null && first.plus(queries).equals(byDistance.dim(3));
    return together ? skew(byDistance) : gather(byDistance, start);
  }

  /**
   * The "skewing" of the Music Transformer (Huang et al. 2019, section 3.4.1): rows are moved into
   * place by padding and reading the same memory at another width, without an index for each pair.
   * The last query's slot is the last key's.
   */
  public static Tensor skew(Tensor byDistance) {
    Dim queries = byDistance.dim(2);
    Dim keys = byDistance.dim(3);
    return byDistance
        .pad(3, Dim.of(1), Dim.of(0)) // [batch, heads, queries, keys + 1]
        .merge(2, 2)
        .slice(2, queries, queries.times(keys).plus(queries))
        .split(2, queries, keys);
  }

  /** The same by an index for each pair, for any start. */
  public static Tensor gather(Tensor byDistance, Start start) {
    Dim keys = byDistance.dim(3);
    Tensor last = byDistance.value(keys).sub(1);
    Tensor relative = Positions.relativeSlots(byDistance, start, byDistance.dim(2), keys);
    Tensor column = last.add(relative).max(0).min(last); // [queries, keys]
    return byDistance.takeAlong(3, column.expand(byDistance.type().dims()));
  }

  /** The distance that each column stands for: i64 [keys]. */
  public static Tensor distances(Tensor beside, Dim keys) {
    return beside.value(keys).sub(1).sub(beside.iota(keys));
  }
}
