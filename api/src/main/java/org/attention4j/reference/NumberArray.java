package org.attention4j.reference;

import org.attention4j.spi.RowMajor;
import org.attention4j.tensor.DType;
import org.jspecify.annotations.Nullable;

/**
 * A dense row-major array: floating types as doubles, integers and booleans as longs. Its values do
 * not change once it is an executor's handle.
 */
final class NumberArray {
  private final int[] shape;
  private final double @Nullable [] reals;
  private final long @Nullable [] integers;

  private NumberArray(int[] shape, double @Nullable [] reals, long @Nullable [] integers) {
    this.shape = shape;
    this.reals = reals;
    this.integers = integers;
  }

  static NumberArray of(double[] values, int... shape) {
    return new NumberArray(shape, values, null);
  }

  static NumberArray of(long[] values, int... shape) {
    return new NumberArray(shape, null, values);
  }

  /** Zeros of a type. */
  static NumberArray zeros(DType dtype, int... shape) {
    int size = RowMajor.size(shape);
    return dtype.isFloating() ? of(new double[size], shape) : of(new long[size], shape);
  }

  int[] shape() {
    return shape;
  }

  int size() {
    return RowMajor.size(shape);
  }

  int rank() {
    return shape.length;
  }

  boolean isReal() {
    return reals != null;
  }

  double[] reals() {
    if (reals == null) {
      throw new IllegalStateException("an array of integers is read as reals");
    }
    return reals;
  }

  long[] integers() {
    if (integers == null) {
      throw new IllegalStateException("an array of reals is read as integers");
    }
    return integers;
  }

  /** The same values under another shape. */
  NumberArray withShape(int[] newShape) {
    return new NumberArray(newShape, reals, integers);
  }

  /** Copies one element of another array of the same kind. */
  void copy(int to, NumberArray from, int index) {
    copy(to, from, index, 1);
  }

  /** Copies a run of elements of another array of the same kind. */
  void copy(int to, NumberArray from, int index, int count) {
    if (reals != null) {
      System.arraycopy(from.reals(), index, reals, to, count);
    } else {
      System.arraycopy(from.integers(), index, integers(), to, count);
    }
  }

  /** Adds one element of another array of the same kind. */
  void add(int to, NumberArray from, int index) {
    if (reals != null) {
      reals[to] += from.reals()[index];
    } else {
      integers()[to] += from.integers()[index];
    }
  }
}
