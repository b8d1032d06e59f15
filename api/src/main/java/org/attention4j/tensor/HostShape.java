package org.attention4j.tensor;

import java.util.Arrays;
import org.attention4j.error.MemoryException;
import org.attention4j.error.ShapeException;

/** Checks the extents of a {@link HostTensor} before anything is allocated. */
final class HostShape {
  private HostShape() {}

  /**
   * The number of elements; the number of bytes fits an int, too.
   *
   * @throws ShapeException if there are too many extents, or a negative one
   * @throws MemoryException if the tensor would have 2 GiB or more
   */
  static int size(DType dtype, long[] shape) {
    if (shape.length > HostTensor.MAX_RANK) {
      throw new ShapeException(
          "a tensor has at most " + HostTensor.MAX_RANK + " axes; got " + shape.length);
    }
    boolean empty = false;
    for (long extent : shape) {
      if (extent < 0) {
        throw new ShapeException("negative extent in shape " + Arrays.toString(shape));
      }
      empty |= extent == 0;
    }
    if (empty) {
      return 0; // however large the other extents are
    }
    long limit = Integer.MAX_VALUE / dtype.bytes();
    long size = 1;
    for (long extent : shape) {
      if (extent > limit / size) {
        throw new MemoryException(
            describe(dtype, shape) + " is too large: one tensor must be smaller than 2 GiB");
      }
      size *= extent;
    }
    return (int) size;
  }

  /**
   * Refuses bytes that are too many or too few.
   *
   * @throws ShapeException with both numbers
   */
  static void check(DType dtype, long[] shape, int size, int bytes) {
    if (bytes != size * dtype.bytes()) {
      throw new ShapeException(
          describe(dtype, shape)
              + " has "
              + size * dtype.bytes()
              + " bytes; the buffer holds "
              + bytes);
    }
  }

  /** Dtype and shape: {@code f32[2, 3]}. */
  static String describe(DType dtype, long[] shape) {
    return dtype.label() + Arrays.toString(shape);
  }
}
