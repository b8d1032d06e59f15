package org.attention4j.spi;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.attention4j.error.ShapeException;
import org.attention4j.tensor.DType;

/**
 * Elements in a direct buffer, with sizes and strides in elements, from the buffer's position on.
 * The buffer stays the lender's.
 */
public record BufferView(DType dtype, List<Long> sizes, List<Long> strides, ByteBuffer buffer) {
  public BufferView {
    sizes = List.copyOf(sizes);
    strides = List.copyOf(strides);
    if (sizes.size() != strides.size()) {
      throw new ShapeException(
          "a view has as many strides as sizes, got " + sizes + " and " + strides);
    }
    if (!buffer.isDirect()) {
      throw new ShapeException("a view needs a direct buffer");
    }
    long end = extent(sizes, strides);
    if (end > buffer.remaining() / dtype.bytes()) {
      throw new ShapeException(
          "a view of sizes "
              + sizes
              + " and strides "
              + strides
              + " reaches element "
              + end
              + ", the buffer holds "
              + buffer.remaining() / dtype.bytes());
    }
  }

  /** One past the last element that is reached; 0 for an empty view. */
  private static long extent(List<Long> sizes, List<Long> strides) {
    long end = 1;
    for (int i = 0; i < sizes.size(); i++) {
      if (sizes.get(i) == 0) {
        return 0;
      }
      if (sizes.get(i) < 0 || strides.get(i) < 0) {
        throw new ShapeException(
            "sizes and strides are not negative, got " + sizes + " and " + strides);
      }
      long steps = sizes.get(i) - 1;
      if (steps > 0 && strides.get(i) > (Long.MAX_VALUE - end) / steps) {
        throw new ShapeException(
            "sizes " + sizes + " and strides " + strides + " reach beyond 63 bits");
      }
      end += steps * strides.get(i);
    }
    return end;
  }

  /** A dense row-major view. */
  public static BufferView dense(DType dtype, ByteBuffer buffer, long... sizes) {
    Long[] strides = new Long[sizes.length];
    long stride = 1;
    for (int i = sizes.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride = Math.multiplyExact(stride, Math.max(1, sizes[i]));
    }
    return new BufferView(dtype, Arrays.stream(sizes).boxed().toList(), List.of(strides), buffer);
  }
}
