package org.attention4j.engine.onnx.session;

import java.util.List;
import org.attention4j.tensor.HostTensor;

/** Parts of host tensors along an axis, by copying. */
public final class HostSlices {
  private HostSlices() {}

  /** Indices {@code from .. to} of an axis. */
  public static HostTensor slice(HostTensor tensor, int axis, long from, long to) {
    long[] shape = tensor.shape();
    shape[axis] = to - from;
    HostTensor part = HostTensor.zeros(tensor.dtype(), shape);
    copy(tensor, axis, from, part, 0, to - from);
    return part;
  }

  /** Tensors that are equal off an axis, one behind the other. */
  static HostTensor join(List<HostTensor> parts, int axis) {
    long[] shape = parts.get(0).shape();
    shape[axis] = parts.stream().mapToLong(part -> part.dim(axis)).sum();
    HostTensor whole = HostTensor.zeros(parts.get(0).dtype(), shape);
    long at = 0;
    for (HostTensor part : parts) {
      copy(part, axis, 0, whole, at, part.dim(axis));
      at += part.dim(axis);
    }
    return whole;
  }

  private static void copy(
      HostTensor from, int axis, long first, HostTensor to, long target, long count) {
    long rows = 1;
    long columns = from.dtype().bytes();
    for (int i = 0; i < axis; i++) {
      rows *= from.dim(i);
    }
    for (int i = axis + 1; i < from.rank(); i++) {
      columns *= from.dim(i);
    }
    for (long row = 0; row < rows; row++) {
      to.buffer()
          .put(
              Math.toIntExact((row * to.dim(axis) + target) * columns),
              from.buffer(),
              Math.toIntExact((row * from.dim(axis) + first) * columns),
              Math.toIntExact(count * columns));
    }
  }
}
