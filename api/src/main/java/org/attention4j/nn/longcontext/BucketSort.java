package org.attention4j.nn.longcontext;

import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;

/** Stable sorting by bucket, by counting: no engine needs a sort, and lengths may be symbolic. */
final class BucketSort {
  private BucketSort() {}

  /**
   * Where each element stands once all are in the order of their buckets: i64 [batch, heads, time].
   *
   * @param bucket i64 [batch, heads, time], each from 0 to less than {@code buckets}
   * @param chunk elements that are compared with each other; the others by the chunks' counts
   */
  static Tensor places(Tensor bucket, int buckets, int chunk) {
    Chunks chunks = new Chunks(bucket.dim(2), chunk);
    Tensor cut = chunks.cut(bucket, 2); // [batch, heads, count, chunk]
    Tensor slot = bucket.iota(Dim.of(chunk));
    Tensor same = cut.insert(4).eq(cut.insert(3)); // [batch, heads, count, chunk, chunk]
    Tensor earlier = same.and(slot.insert(0).lt(slot.insert(1)));
    Tensor within = earlier.cast(DType.I64).sum(-1).drop(-1);
    // counts are whole numbers in f64: exact, whatever the session's precision
    Tensor member = bucket.oneHot(buckets).cast(DType.F64); // [batch, heads, time, buckets]
    Tensor counts = chunks.cut(member, 2).sum(3).drop(3); // [batch, heads, count, buckets]
    Tensor before = Chunks.mix(earlier(bucket, chunks.count()), counts);
    Tensor lower = counts.sum(2).matmulTransposed(earlier(bucket, Dim.of(buckets)));
    Tensor first = before.add(lower).cast(DType.I64); // of each bucket in each chunk
    return chunks.join(first.takeAlong(3, cut).add(within), 2);
  }

  /** Row i has ones in the columns before i: f64 [n, n]. */
  private static Tensor earlier(Tensor beside, Dim n) {
    Tensor at = beside.iota(n);
    return at.insert(0).lt(at.insert(1)).cast(DType.F64);
  }
}
