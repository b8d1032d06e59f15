package org.attention4j.tensor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.attention4j.error.Count;
import org.attention4j.error.ShapeException;

/**
 * Element type and axes of a tensor. Printed as {@code f32[batch, time, 128]}.
 *
 * <p>The floating type of a graph is nominal: {@code F32} means "the session's precision".
 */
public record TensorType(DType dtype, List<Dim> dims) {
  public TensorType {
    dims = List.copyOf(dims);
  }

  /** A type from sizes that {@link Dim#of(Object)} reads. */
  public static TensorType of(DType dtype, Object... dims) {
    return new TensorType(dtype, Arrays.stream(dims).map(Dim::of).toList());
  }

  /** A type with fixed sizes. */
  public static TensorType ofShape(DType dtype, long... shape) {
    return new TensorType(dtype, Arrays.stream(shape).mapToObj(Dim::of).toList());
  }

  /** A float type of the session's precision. */
  public static TensorType f32(Object... dims) {
    return of(DType.F32, dims);
  }

  /** A 64-bit integer type. */
  public static TensorType i64(Object... dims) {
    return of(DType.I64, dims);
  }

  /** A boolean type. */
  public static TensorType bool(Object... dims) {
    return of(DType.BOOL, dims);
  }

  /** Number of axes. */
  public int rank() {
    return dims.size();
  }

  /**
   * The axis counted from the front; negative ones count from the back.
   *
   * @throws ShapeException if there is no such axis
   */
  public int axis(int axis) {
    int result = axis < 0 ? rank() + axis : axis;
    if (result < 0 || result >= rank()) {
      throw new ShapeException(
          "axis " + axis + " of " + this + ": it has " + Count.of(rank(), "axis", "axes"));
    }
    return result;
  }

  /** Size of an axis; negative axes count from the back. */
  public Dim dim(int axis) {
    return dims.get(axis(axis));
  }

  /** Known size of an axis; negative axes count from the back. */
  public int size(int axis) {
    return dim(axis).size();
  }

  /** The same type with one axis of another size. */
  public TensorType with(int axis, Object size) {
    List<Dim> result = new ArrayList<>(dims);
    result.set(axis(axis), Dim.of(size));
    return new TensorType(dtype, result);
  }

  /** The same element type with other axes. */
  public TensorType with(List<Dim> newDims) {
    return new TensorType(dtype, newDims);
  }

  /** The same axes with another element type. */
  public TensorType as(DType other) {
    return new TensorType(other, dims);
  }

  /** Number of elements. */
  public Dim count() {
    Dim product = Dim.of(1);
    for (Dim dim : dims) {
      product = product.times(dim);
    }
    return product;
  }

  /** Whether every size is known. */
  public boolean known() {
    return dims.stream().allMatch(Dim::known);
  }

  /** Replaces the symbols found in {@code sizes}. */
  public TensorType bind(Map<String, Long> sizes) {
    return known() ? this : with(dims.stream().map(d -> d.bind(sizes)).toList());
  }

  /**
   * The known sizes.
   *
   * @throws ShapeException if one is symbolic
   */
  public long[] shape() {
    return dims.stream().mapToLong(Dim::longSize).toArray();
  }

  /**
   * Axes of two operands broadcast against each other, aligned at the back. Two different symbols
   * never broadcast: that catches a wrong mask axis by its name.
   *
   * @throws ShapeException if a pair of sizes differs and neither is 1
   */
  public static List<Dim> broadcast(Object what, List<Dim> a, List<Dim> b) {
    if (a.equals(b)) {
      return a;
    }
    int rank = Math.max(a.size(), b.size());
    List<Dim> result = new ArrayList<>(rank);
    for (int i = 0; i < rank; i++) {
      Dim x = fromBack(a, rank - i);
      Dim y = fromBack(b, rank - i);
      if (!x.equals(y) && !x.is(1) && !y.is(1)) {
        throw new ShapeException(
            what + ": " + a + " and " + b + " do not broadcast (" + x + " against " + y + ")");
      }
      result.add(x.is(1) ? y : x);
    }
    return List.copyOf(result);
  }

  private static Dim fromBack(List<Dim> dims, int distance) {
    return distance > dims.size() ? Dim.of(1) : dims.get(dims.size() - distance);
  }

  @Override
  public String toString() {
    return dtype.label() + dims;
  }
}
