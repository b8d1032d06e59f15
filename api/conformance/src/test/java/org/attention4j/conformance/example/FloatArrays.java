package org.attention4j.conformance.example;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.DoubleBinaryOperator;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.attention4j.spi.EagerExecutor;
import org.attention4j.spi.RowMajor;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Op;
import org.attention4j.tensor.Primitive;
import org.attention4j.tensor.TensorType;

/** Primitives over arrays: float[] for floats, long[] for integers and booleans. */
final class FloatArrays implements EagerExecutor, Primitive.Visitor<FloatArrays.Call, Object> {

  /** A primitive's operands with their types, and the type of its result. */
  record Call(List<Object> operands, List<TensorType> types, TensorType type) {
    int[] shape(int operand) {
      return RowMajor.shape(types.get(operand));
    }

    int[] shape() {
      return RowMajor.shape(type);
    }

    Number number(int operand, int i) {
      Object array = operands.get(operand);
      return array instanceof float[] floats ? (Number) floats[i] : (Number) ((long[]) array)[i];
    }

    double real(int operand, int i) {
      return number(operand, i).doubleValue();
    }

    long[] indices(int operand) {
      return (long[]) operands.get(operand);
    }

    /** The element of an operand that element i of the result sees. */
    int[] spread(int operand) {
      return RowMajor.broadcast(shape(operand), shape());
    }

    /** A result computed element by element. */
    Object fill(IntFunction<Number> element) {
      int size = RowMajor.size(shape());
      if (!type.dtype().isFloating()) {
        return IntStream.range(0, size).mapToLong(i -> element.apply(i).longValue()).toArray();
      }
      float[] result = new float[size];
      for (int i = 0; i < size; i++) {
        result[i] = element.apply(i).floatValue();
      }
      return result;
    }

    /** A result whose elements are those of an operand at some positions. */
    Object take(int operand, int[] positions) {
      return fill(i -> number(operand, positions[i]));
    }

    /** Writes an operand over a part of a result. */
    Object put(Object result, int operand, int axis, int from) {
      int[] positions = RowMajor.part(shape(operand), shape(), axis, from);
      for (int i = 0; i < positions.length; i++) {
        System.arraycopy(operands.get(operand), i, result, positions[i], 1);
      }
      return result;
    }

    /** Combines the elements of an operand into those of the result at some positions. */
    Object fold(int operand, int[] positions, double start, DoubleBinaryOperator f) {
      double[] result = new double[RowMajor.size(shape())];
      Arrays.fill(result, start);
      for (int i = 0; i < positions.length; i++) {
        result[positions[i]] = f.applyAsDouble(result[positions[i]], real(operand, i));
      }
      return fill(i -> result[i]);
    }
  }

  @Override
  public List<Object> execute(
      Op op, List<TensorType> operandTypes, List<TensorType> resultTypes, List<Object> operands) {
    Call call = new Call(operands, operandTypes, resultTypes.get(0));
    return List.of(((Primitive) op).accept(this, call));
  }

  @Override
  public Object upload(HostTensor tensor, TensorType type) {
    return type.dtype().isFloating() ? tensor.toFloatArray() : tensor.toLongArray();
  }

  @Override
  public HostTensor download(Object handle, TensorType type) {
    return handle instanceof float[] floats
        ? HostTensor.of(floats, type.shape()).cast(type.dtype())
        : HostTensor.of((long[]) handle, type.shape()).cast(type.dtype());
  }

  @Override
  public Object constant(Primitive.Constant op, Call c) {
    return c.fill(op.values()::get);
  }

  @Override
  public Object iota(Primitive.Iota op, Call c) {
    return c.fill(i -> i);
  }

  @Override
  public Object dimValue(Primitive.DimValue op, Call c) {
    return c.fill(i -> op.dim().longSize());
  }

  @Override
  public Object unary(Primitive.Unary op, Call c) {
    return c.operands.get(0) instanceof long[] x
        ? c.fill(i -> op.function().apply(x[i]))
        : c.fill(i -> op.function().apply(c.real(0, i)));
  }

  @Override
  public Object binary(Primitive.Binary op, Call c) {
    int[] a = c.spread(0);
    int[] b = c.spread(1);
    return c.operands.get(0) instanceof long[] x && c.operands.get(1) instanceof long[] y
        ? c.fill(i -> op.function().apply(x[a[i]], y[b[i]]))
        : c.fill(i -> op.function().apply(c.real(0, a[i]), c.real(1, b[i])));
  }

  @Override
  public Object where(Primitive.Where op, Call c) {
    int[] condition = c.spread(0);
    int[] yes = c.spread(1);
    int[] no = c.spread(2);
    return c.fill(i -> c.real(0, condition[i]) != 0 ? c.number(1, yes[i]) : c.number(2, no[i]));
  }

  @Override
  public Object cast(Primitive.Cast op, Call c) {
    boolean truth = op.to() == DType.BOOL;
    return c.fill(i -> truth ? (c.real(0, i) != 0 ? 1 : 0) : c.number(0, i));
  }

  @Override
  public Object matMul(Primitive.MatMul op, Call c) {
    int rows = c.type.size(-2);
    int inner = c.types.get(0).size(-1);
    int columns = c.type.size(-1);
    int[] a = RowMajor.matrices(c.shape(0), c.shape());
    int[] b = RowMajor.matrices(c.shape(1), c.shape());
    int step = op.transposeB() ? 1 : columns;
    return c.fill(
        i -> {
          int matrix = i / columns / rows;
          int row = a[matrix] + i / columns % rows * inner;
          int column = b[matrix] + i % columns * (op.transposeB() ? inner : 1);
          return IntStream.range(0, inner)
              .mapToDouble(k -> c.real(0, row + k) * c.real(1, column + k * step))
              .sum();
        });
  }

  @Override
  public Object reduce(Primitive.Reduce op, Call c) {
    int[] to = RowMajor.broadcast(c.shape(), c.shape(0));
    return op.function() == Primitive.Reduction.SUM
        ? c.fold(0, to, 0, Double::sum)
        : c.fold(0, to, Double.NEGATIVE_INFINITY, Math::max);
  }

  @Override
  public Object softmax(Primitive.Softmax op, Call c) {
    int width = c.types.get(0).size(-1);
    return c.fill(
        i -> {
          int[] row = IntStream.range(i / width * width, (i / width + 1) * width).toArray();
          double most = Arrays.stream(row).mapToDouble(j -> c.real(0, j)).max().orElse(0);
          double sum = Arrays.stream(row).mapToDouble(j -> Math.exp(c.real(0, j) - most)).sum();
          return Math.exp(c.real(0, i) - most) / sum;
        });
  }

  @Override
  public Object reshape(Primitive.Reshape op, Call c) {
    return c.fill(i -> c.number(0, i));
  }

  @Override
  public Object expand(Primitive.Expand op, Call c) {
    return c.take(0, c.spread(0));
  }

  @Override
  public Object permute(Primitive.Permute op, Call c) {
    int[] own = RowMajor.strides(c.shape(0));
    int[] strides = op.axes().stream().mapToInt(axis -> own[axis]).toArray();
    return c.take(0, RowMajor.positions(c.shape(), 0, strides));
  }

  @Override
  public Object slice(Primitive.Slice op, Call c) {
    return c.take(0, RowMajor.part(c.shape(), c.shape(0), op.axis(), op.from().size()));
  }

  @Override
  public Object pad(Primitive.Pad op, Call c) {
    return c.put(c.fill(i -> 0), 0, op.axis(), op.before().size());
  }

  @Override
  public Object concat(Primitive.Concat op, Call c) {
    Object result = c.fill(i -> 0);
    int from = 0;
    for (int part = 0; part < c.operands.size(); part++) {
      c.put(result, part, op.axis(), from);
      from += c.shape(part)[op.axis()];
    }
    return result;
  }

  @Override
  public Object gather(Primitive.Gather op, Call c) {
    return c.take(0, RowMajor.rows(c.indices(1), c.shape(0), op));
  }

  @Override
  public Object scatterAdd(Primitive.ScatterAdd op, Call c) {
    return c.fold(1, RowMajor.rows(c.indices(0), c.shape(), op), 0, Double::sum);
  }

  @Override
  public Object gatherAlong(Primitive.GatherAlong op, Call c) {
    return c.take(0, RowMajor.along(op.axis(), c.indices(1), c.shape(), c.shape(0), op));
  }

  @Override
  public Object scatterAlong(Primitive.ScatterAlong op, Call c) {
    int[] to = RowMajor.along(op.axis(), c.indices(0), c.shape(0), c.shape(), op);
    return c.fold(1, to, 0, Double::sum);
  }

  @Override
  public Object topK(Primitive.TopK op, Call c) {
    int width = c.types.get(0).size(-1);
    return c.fill(
        i -> {
          int row = i / op.k() * width;
          Comparator<Integer> order = Comparator.comparing(j -> c.real(0, row + j));
          List<Integer> sorted =
              IntStream.range(0, width).boxed().sorted(order.reversed()).toList();
          return sorted.get(i % op.k());
        });
  }

  @Override
  public Object update(Primitive.Update op, Call c) {
    Object result = c.fill(i -> c.number(0, i));
    return c.put(result, 1, op.axis(), Math.toIntExact(c.number(2, 0).longValue()));
  }
}
