package org.attention4j.nn.longcontext;

import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;

/** Rows of each head picked by number. */
final class HeadRows {
  private HeadRows() {}

  /** [batch, heads, n, size] at i64 [batch, heads, a, b]: [batch, heads, a, b, size]. */
  static Tensor take(Tensor x, Tensor rows) {
    Dim batch = x.dim(0);
    Dim heads = x.dim(1);
    Tensor head = x.iota(batch.times(heads)).mul(x.value(x.dim(2)));
    Tensor flat = rows.add(head.reshape(batch, heads, 1, 1)); // rows of all heads, one after other
    return x.merge(0, 3).take(flat);
  }
}
