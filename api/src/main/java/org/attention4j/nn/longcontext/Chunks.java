package org.attention4j.nn.longcontext;

import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;

/**
 * A time axis cut into chunks of one size, the last one filled up with zeros.
 *
 * @param time length before it is filled up
 * @param size of a chunk
 */
record Chunks(Dim time, int size) {

  /** Number of chunks. */
  Dim count() {
    return time.plus(size - 1).floorDiv(size);
  }

  /** Length of the filled axis. */
  Dim padded() {
    return count().times(size);
  }

  /** [.., time, ..] to [.., count, size, ..]. */
  Tensor cut(Tensor x, int axis) {
    Dim behind = padded().minus(time);
    Tensor filled = behind.is(0) ? x : x.pad(axis, Dim.of(0), behind);
    return filled.split(axis, count(), size);
  }

  /** [.., count, size, ..] to [.., time, ..]. */
  Tensor join(Tensor x, int axis) {
    return x.merge(axis, 2).slice(axis, 0, time);
  }

  /** Each chunk behind the one before it, zeros before the first: [.., count, 2 size, ..]. */
  Tensor withPrevious(Tensor cut, int axis) {
    Tensor previous = cut.pad(axis, Dim.of(1), Dim.of(0)).slice(axis, 0, count());
    return previous.concat(axis + 1, cut);
  }

  /** Slots of {@link #cut}: i64 [count, size]. */
  Tensor slots(Tensor beside) {
    return beside.iota(padded()).reshape(count(), size);
  }

  /** Slots of {@link #withPrevious}, negative before the first: i64 [count, 2 size]. */
  Tensor slotsWithPrevious(Tensor beside) {
    Tensor first = beside.iota(count()).mul(size).sub(size).insert(1); // [count, 1]
    return first.add(beside.iota(Dim.of(2L * size)));
  }

  /**
   * A matrix times each matrix of a batch: rows [m, n] and x [.., n, size] to [.., m, size]. The
   * batch stands on the left, as ONNX Runtime needs where it may be empty.
   */
  static Tensor mix(Tensor rows, Tensor x) {
    return x.transpose().matmulTransposed(rows).transpose();
  }
}
