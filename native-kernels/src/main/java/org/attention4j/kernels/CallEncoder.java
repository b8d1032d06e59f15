package org.attention4j.kernels;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.attention4j.error.DTypeException;
import org.attention4j.error.ShapeException;
import org.attention4j.spi.BufferView;
import org.attention4j.tensor.DType;
import org.jspecify.annotations.Nullable;

/**
 * Writes a call as one array of numbers and one of buffers, in the order in which
 * attention4j_jni.cpp reads it: the fewest crossings, and one place on each side that knows the
 * layout.
 */
final class CallEncoder {
  private static final int AXES = 4;
  private static final long ABSENT = -1;

  private final LongStream.Builder numbers = LongStream.builder();
  private final List<ByteBuffer> buffers = new ArrayList<>();

  CallEncoder add(long number) {
    numbers.add(number);
    return this;
  }

  CallEncoder add(double number) {
    return add(Double.doubleToRawLongBits(number));
  }

  /** How many, then each. */
  CallEncoder add(List<Double> values) {
    add((long) values.size());
    values.forEach(this::add);
    return this;
  }

  /** What is not there: a view without memory, and sizes of 1 where {@code sizes} are expected. */
  CallEncoder addAbsent() {
    add(ABSENT).add((long) code(DType.F32));
    for (int axis = 0; axis < AXES; axis++) {
      add(0L);
    }
    return this;
  }

  /** The view's memory, dtype and strides; missing leading axes become broadcast axes. */
  CallEncoder add(BufferView view) {
    add((long) buffers.size()).add((long) code(view.dtype()));
    buffers.add(view.buffer().slice());
    padded(view.strides(), 0).forEach(this::add);
    return this;
  }

  /** As {@link #add(BufferView)}, or absent. */
  CallEncoder addOptional(@Nullable BufferView view) {
    return view == null ? addAbsent() : add(view);
  }

  /** A view that will be written. */
  CallEncoder addResult(BufferView view) {
    if (view.buffer().isReadOnly()) {
      throw new ShapeException("a result cannot be written to a read-only buffer");
    }
    return add(view);
  }

  CallEncoder addSizes(List<Long> sizes) {
    padded(sizes, 1).forEach(this::add);
    return this;
  }

  /** A view of [a, b, c] as [a, b, c, 1]. */
  static BufferView withUnitAxis(BufferView view) {
    List<Long> sizes = new ArrayList<>(view.sizes());
    List<Long> strides = new ArrayList<>(view.strides());
    sizes.add(1L);
    strides.add(1L);
    return new BufferView(view.dtype(), sizes, strides, view.buffer());
  }

  long[] numbers() {
    return numbers.build().toArray();
  }

  ByteBuffer[] buffers() {
    return buffers.toArray(ByteBuffer[]::new);
  }

  /** The dtype's a4j_dtype. */
  private static int code(DType dtype) {
    return switch (dtype) {
      case F32 -> 0;
      case BF16 -> 1;
      case BOOL, U8, I8 -> 2;
      case I32 -> 3;
      case I64 -> 4;
      case F16 -> 5;
      default -> throw new DTypeException("the native kernels have no " + dtype.label());
    };
  }

  private static List<Long> padded(List<Long> values, long fill) {
    if (values.size() > AXES) {
      throw new ShapeException("the native kernels take up to 4 axes, got " + values.size());
    }
    Long[] all = new Long[AXES];
    Arrays.fill(all, fill);
    for (int i = 0; i < values.size(); i++) {
      all[AXES - values.size() + i] = values.get(i);
    }
    return List.of(all);
  }
}
