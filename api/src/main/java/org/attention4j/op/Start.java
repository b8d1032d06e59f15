package org.attention4j.op;

import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The slot of the first query row: a size where the cache grows, or an i64 scalar known only at run
 * time where the cache is a fixed buffer. Exactly one of the two is set.
 */
public record Start(@Nullable Dim dim, @Nullable Tensor value) {

  /** No cache: queries begin at slot 0. */
  public static final Start ZERO = at(0);

  /** Queries begin at a slot that {@link Dim#of(Object)} reads. */
  public static Start at(Object dim) {
    return new Start(Dim.of(dim), null);
  }

  /** Queries begin at a slot computed at run time. */
  public static Start at(Tensor value) {
    return new Start(null, value);
  }

  /** The slots of n consecutive queries, i64 [n], in the executor of {@code beside}. */
  public Tensor slots(Tensor beside, Dim n) {
    if (dim != null) {
      return beside.iota(dim, n);
    }
    return value == null ? beside.iota(n) : beside.iota(n).add(value);
  }
}
