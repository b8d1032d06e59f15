package org.attention4j.conformance;

import java.util.List;
import org.attention4j.tensor.HostTensor;

/** Cuts and joins tensors [batch, time, ..] along time. */
final class Rows {
  private Rows() {}

  /** Times from (inclusive) to (exclusive). */
  static HostTensor of(HostTensor tensor, long from, long to) {
    long[] shape = tensor.shape();
    shape[1] = to - from;
    HostTensor part = HostTensor.zeros(tensor.dtype(), shape);
    copy(tensor, from, part, 0, to - from);
    return part;
  }

  /** Parts one after the other. */
  static HostTensor join(List<HostTensor> parts) {
    long[] shape = parts.get(0).shape();
    shape[1] = parts.stream().mapToLong(p -> p.dim(1)).sum();
    HostTensor whole = HostTensor.zeros(parts.get(0).dtype(), shape);
    long at = 0;
    for (HostTensor part : parts) {
      copy(part, 0, whole, at, part.dim(1));
      at += part.dim(1);
    }
    return whole;
  }

  private static void copy(HostTensor from, long first, HostTensor to, long at, long count) {
    long inner = 1;
    for (int axis = 2; axis < from.rank(); axis++) {
      inner *= from.dim(axis);
    }
    for (long b = 0; b < from.dim(0); b++) {
      long read = (b * from.dim(1) + first) * inner;
      long write = (b * to.dim(1) + at) * inner;
      for (long i = 0; i < count * inner; i++) {
        if (from.dtype().isFloating()) {
          to.set(write + i, from.getDouble(read + i));
        } else {
          to.set(write + i, from.getLong(read + i));
        }
      }
    }
  }
}
