package org.attention4j.reference;

import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.LongBinaryOperator;
import org.attention4j.error.UsageException;
import org.attention4j.tensor.BinaryFunction;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Primitive;
import org.attention4j.tensor.Primitive.Binary;
import org.attention4j.tensor.Primitive.Cast;
import org.attention4j.tensor.Primitive.Concat;
import org.attention4j.tensor.Primitive.Constant;
import org.attention4j.tensor.Primitive.DimValue;
import org.attention4j.tensor.Primitive.Expand;
import org.attention4j.tensor.Primitive.Gather;
import org.attention4j.tensor.Primitive.GatherAlong;
import org.attention4j.tensor.Primitive.Iota;
import org.attention4j.tensor.Primitive.MatMul;
import org.attention4j.tensor.Primitive.Pad;
import org.attention4j.tensor.Primitive.Permute;
import org.attention4j.tensor.Primitive.Reduce;
import org.attention4j.tensor.Primitive.Reduction;
import org.attention4j.tensor.Primitive.Reshape;
import org.attention4j.tensor.Primitive.ScatterAdd;
import org.attention4j.tensor.Primitive.ScatterAlong;
import org.attention4j.tensor.Primitive.Slice;
import org.attention4j.tensor.Primitive.Softmax;
import org.attention4j.tensor.Primitive.TopK;
import org.attention4j.tensor.Primitive.Unary;
import org.attention4j.tensor.Primitive.Update;
import org.attention4j.tensor.Primitive.Where;
import org.attention4j.tensor.TensorType;

/** Every primitive as plain loops over doubles and longs. Stateless. */
final class PrimitiveLoops implements Primitive.Visitor<PrimitiveLoops.Call, NumberArray> {

  /** Operands and the type of the result. */
  record Call(List<NumberArray> in, TensorType type) {
    NumberArray a() {
      return in.get(0);
    }

    NumberArray b() {
      return in.get(1);
    }

    int[] shape() {
      return Arrays.stream(type.shape()).mapToInt(Math::toIntExact).toArray();
    }

    NumberArray zeros() {
      return NumberArray.zeros(type.dtype(), shape());
    }
  }

  @Override
  public NumberArray constant(Constant op, Call c) {
    if (c.type.dtype().isFloating()) {
      return NumberArray.of(
          op.values().stream().mapToDouble(Number::doubleValue).toArray(), c.shape());
    }
    return NumberArray.of(op.values().stream().mapToLong(Number::longValue).toArray(), c.shape());
  }

  @Override
  public NumberArray iota(Iota op, Call c) {
    NumberArray result = c.zeros();
    Arrays.setAll(result.integers(), i -> i);
    return result;
  }

  @Override
  public NumberArray dimValue(DimValue op, Call c) {
    return NumberArray.of(new long[] {op.dim().longSize()});
  }

  @Override
  public NumberArray unary(Unary op, Call c) {
    if (!c.a().isReal()) {
      long[] x = c.a().integers();
      return NumberArray.of(
          switch (op.function()) {
            case NEG -> Arrays.stream(x).map(v -> -v).toArray();
            case ABS -> Arrays.stream(x).map(Math::abs).toArray();
            case NOT -> Arrays.stream(x).map(v -> 1 - v).toArray();
            default -> x.clone();
          },
          c.shape());
    }
    DoubleUnaryOperator f =
        switch (op.function()) {
          case NEG -> v -> -v;
          case EXP -> Math::exp;
          case LOG -> Math::log;
          case SQRT -> Math::sqrt;
          case RECIPROCAL -> v -> 1 / v;
          case TANH -> Math::tanh;
          case ERF -> Erf::of;
          case SIN -> Math::sin;
          case COS -> Math::cos;
          case ABS -> Math::abs;
          case FLOOR -> Math::floor;
          case NOT, STOP_GRADIENT -> v -> v;
        };
    double[] x = c.a().reals();
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = f.applyAsDouble(x[i]);
    }
    return NumberArray.of(y, c.shape());
  }

  @Override
  public NumberArray binary(Binary op, Call c) {
    int[] shape = c.shape();
    int[] at = positions(c.a(), shape);
    int[] bt = positions(c.b(), shape);
    BinaryFunction function = op.function();
    if (!c.a().isReal()) {
      return NumberArray.of(
          zip(integer(function), c.a().integers(), at, c.b().integers(), bt), shape);
    }
    double[] a = c.a().reals();
    double[] b = c.b().reals();
    if (!function.isPredicate()) {
      DoubleBinaryOperator f = real(function);
      double[] y = new double[at.length];
      for (int i = 0; i < y.length; i++) {
        y[i] = f.applyAsDouble(a[at[i]], b[bt[i]]);
      }
      return NumberArray.of(y, shape);
    }
    long[] y = new long[at.length];
    for (int i = 0; i < y.length; i++) {
      double p = a[at[i]];
      double q = b[bt[i]];
      boolean holds =
          switch (function) {
            case LT -> p < q;
            case LE -> p <= q;
            default -> p == q;
          };
      y[i] = holds ? 1 : 0;
    }
    return NumberArray.of(y, shape);
  }

  private static DoubleBinaryOperator real(BinaryFunction function) {
    return switch (function) {
      case ADD -> Double::sum;
      case SUB -> (p, q) -> p - q;
      case MUL -> (p, q) -> p * q;
      case DIV -> (p, q) -> p / q;
      case MAX -> Math::max;
      case MIN -> Math::min;
      case LT, LE, EQ, AND, OR -> throw new IllegalStateException(function + " is a predicate");
    };
  }

  private static LongBinaryOperator integer(BinaryFunction function) {
    return switch (function) {
      case ADD -> Long::sum;
      case SUB -> (p, q) -> p - q;
      case MUL -> (p, q) -> p * q;
      case DIV -> PrimitiveLoops::divide;
      case MAX, OR -> Math::max;
      case MIN, AND -> Math::min;
      case LT -> (p, q) -> p < q ? 1 : 0;
      case LE -> (p, q) -> p <= q ? 1 : 0;
      case EQ -> (p, q) -> p == q ? 1 : 0;
    };
  }

  private static long divide(long p, long q) {
    if (q == 0) {
      throw new UsageException("integer division by zero");
    }
    return p / q;
  }

  private static long[] zip(LongBinaryOperator f, long[] a, int[] at, long[] b, int[] bt) {
    long[] y = new long[at.length];
    for (int i = 0; i < y.length; i++) {
      y[i] = f.applyAsLong(a[at[i]], b[bt[i]]);
    }
    return y;
  }

  private static int[] positions(NumberArray x, int[] shape) {
    return Layout.positions(shape, Layout.broadcast(x.shape(), shape));
  }

  @Override
  public NumberArray where(Where op, Call c) {
    NumberArray result = c.zeros();
    int[] condition = positions(c.a(), result.shape());
    int[] yes = positions(c.b(), result.shape());
    int[] no = positions(c.in.get(2), result.shape());
    for (int i = 0; i < condition.length; i++) {
      if (c.a().integers()[condition[i]] != 0) {
        result.copy(i, c.b(), yes[i]);
      } else {
        result.copy(i, c.in.get(2), no[i]);
      }
    }
    return result;
  }

  @Override
  public NumberArray cast(Cast op, Call c) {
    NumberArray a = c.a();
    if (op.to().isFloating()) {
      return NumberArray.of(
          a.isReal() ? a.reals().clone() : Arrays.stream(a.integers()).asDoubleStream().toArray(),
          c.shape());
    }
    if (op.to() == DType.BOOL) {
      long[] truth =
          a.isReal()
              ? Arrays.stream(a.reals()).mapToLong(v -> v != 0 ? 1 : 0).toArray()
              : Arrays.stream(a.integers()).map(v -> v != 0 ? 1 : 0).toArray();
      return NumberArray.of(truth, c.shape());
    }
    long[] whole =
        a.isReal() ? Arrays.stream(a.reals()).mapToLong(v -> (long) v).toArray() : a.integers();
    return NumberArray.of(Arrays.stream(whole).map(v -> wrap(v, op.to())).toArray(), c.shape());
  }

  private static long wrap(long value, DType to) {
    return switch (to) {
      case I32 -> (int) value;
      case I8 -> (byte) value;
      case U8 -> value & 0xFF;
      default -> value;
    };
  }

  @Override
  public NumberArray matMul(MatMul op, Call c) {
    return MatrixProduct.of(c.a(), c.b(), op.transposeB(), c.shape());
  }

  @Override
  public NumberArray reduce(Reduce op, Call c) {
    NumberArray result = c.zeros();
    int[] to = Layout.positions(c.a().shape(), Layout.broadcast(c.shape(), c.a().shape()));
    boolean sum = op.function() == Reduction.SUM;
    if (c.a().isReal()) {
      double[] y = result.reals();
      Arrays.fill(y, sum ? 0 : Double.NEGATIVE_INFINITY);
      double[] x = c.a().reals();
      for (int i = 0; i < x.length; i++) {
        y[to[i]] = sum ? y[to[i]] + x[i] : Math.max(y[to[i]], x[i]);
      }
    } else {
      long[] y = result.integers();
      Arrays.fill(y, sum ? 0 : Long.MIN_VALUE);
      long[] x = c.a().integers();
      for (int i = 0; i < x.length; i++) {
        y[to[i]] = sum ? y[to[i]] + x[i] : Math.max(y[to[i]], x[i]);
      }
    }
    return result;
  }

  @Override
  public NumberArray softmax(Softmax op, Call c) {
    double[] y = c.a().reals().clone();
    int width = c.a().shape()[c.a().rank() - 1];
    for (int row = 0; row < y.length; row += width) {
      double most = Double.NEGATIVE_INFINITY;
      for (int j = row; j < row + width; j++) {
        most = Math.max(most, y[j]);
      }
      double sum = 0;
      for (int j = row; j < row + width; j++) {
        y[j] = Math.exp(y[j] - most);
        sum += y[j];
      }
      for (int j = row; j < row + width; j++) {
        y[j] /= sum;
      }
    }
    return NumberArray.of(y, c.shape());
  }

  @Override
  public NumberArray reshape(Reshape op, Call c) {
    return c.a().withShape(c.shape());
  }

  @Override
  public NumberArray expand(Expand op, Call c) {
    NumberArray result = c.zeros();
    return picked(result, c.a(), positions(c.a(), result.shape()));
  }

  @Override
  public NumberArray permute(Permute op, Call c) {
    int[] own = Layout.strides(c.a().shape());
    int[] strides = op.axes().stream().mapToInt(axis -> own[axis]).toArray();
    return picked(c.zeros(), c.a(), Layout.positions(c.shape(), strides));
  }

  private static NumberArray picked(NumberArray result, NumberArray from, int[] positions) {
    for (int i = 0; i < positions.length; i++) {
      result.copy(i, from, positions[i]);
    }
    return result;
  }

  @Override
  public NumberArray slice(Slice op, Call c) {
    NumberArray result = c.zeros();
    copyAlong(op.axis(), c.a(), op.from().size(), result, 0, result.shape()[op.axis()]);
    return result;
  }

  @Override
  public NumberArray pad(Pad op, Call c) {
    NumberArray result = c.zeros();
    copyAlong(op.axis(), c.a(), 0, result, op.before().size(), c.a().shape()[op.axis()]);
    return result;
  }

  @Override
  public NumberArray concat(Concat op, Call c) {
    NumberArray result = c.zeros();
    int at = 0;
    for (NumberArray part : c.in) {
      int count = part.shape()[op.axis()];
      copyAlong(op.axis(), part, 0, result, at, count);
      at += count;
    }
    return result;
  }

  /** Copies {@code count} indices of an axis from one array into another. */
  private static void copyAlong(
      int axis, NumberArray from, int fromIndex, NumberArray to, int toIndex, int count) {
    int outer = Layout.count(from.shape(), 0, axis);
    int inner = Layout.count(from.shape(), axis + 1, from.rank());
    int fromSize = from.shape()[axis];
    int toSize = to.shape()[axis];
    for (int o = 0; o < outer; o++) {
      to.copy(
          (o * toSize + toIndex) * inner, from, (o * fromSize + fromIndex) * inner, count * inner);
    }
  }

  @Override
  public NumberArray gather(Gather op, Call c) {
    NumberArray result = c.zeros();
    int rows = c.a().shape()[0];
    int inner = Layout.count(c.a().shape(), 1, c.a().rank());
    long[] indices = c.b().integers();
    for (int i = 0; i < indices.length; i++) {
      result.copy(i * inner, c.a(), checked(indices[i], rows, op) * inner, inner);
    }
    return result;
  }

  @Override
  public NumberArray scatterAdd(ScatterAdd op, Call c) {
    NumberArray result = c.zeros();
    int inner = Layout.count(result.shape(), 1, result.rank());
    long[] indices = c.a().integers();
    for (int i = 0; i < indices.length; i++) {
      int row = checked(indices[i], result.shape()[0], op);
      result.add(row * inner, c.b(), i * inner, inner);
    }
    return result;
  }

  @Override
  public NumberArray gatherAlong(GatherAlong op, Call c) {
    NumberArray result = c.zeros();
    int[] at = along(op.axis(), c.b(), c.a().shape()[op.axis()], op);
    return picked(result, c.a(), at);
  }

  @Override
  public NumberArray scatterAlong(ScatterAlong op, Call c) {
    NumberArray result = c.zeros();
    int[] at = along(op.axis(), c.a(), result.shape()[op.axis()], op);
    for (int i = 0; i < at.length; i++) {
      result.add(at[i], c.b(), i, 1);
    }
    return result;
  }

  /** For each index, the position in an array that is {@code size} long on the axis. */
  private static int[] along(int axis, NumberArray indices, int size, Primitive op) {
    int inner = Layout.count(indices.shape(), axis + 1, indices.rank());
    int count = indices.shape()[axis];
    long[] values = indices.integers();
    int[] result = new int[values.length];
    for (int i = 0; i < result.length; i++) {
      int outer = i / (inner * count);
      result[i] = (outer * size + checked(values[i], size, op)) * inner + i % inner;
    }
    return result;
  }

  @Override
  public NumberArray update(Update op, Call c) {
    NumberArray result = c.zeros();
    int axis = op.axis();
    int count = c.b().shape()[axis];
    long start = c.in.get(2).integers()[0];
    if (start < 0 || start + count > result.shape()[axis]) {
      throw new UsageException(
          op
              + ": slots "
              + start
              + " to "
              + (start + count)
              + " are outside a buffer of "
              + result.shape()[axis]);
    }
    result.copy(0, c.a(), 0, c.a().size());
    copyAlong(axis, c.b(), 0, result, (int) start, count);
    return result;
  }

  @Override
  public NumberArray topK(TopK op, Call c) {
    NumberArray result = c.zeros();
    int width = c.a().shape()[c.a().rank() - 1];
    int rows = width == 0 ? 0 : c.a().size() / width;
    for (int row = 0; row < rows; row++) {
      int base = row * width;
      Integer[] order = new Integer[width];
      Arrays.setAll(order, j -> j);
      Arrays.sort(order, (x, y) -> compare(c.a(), base + y, base + x)); // stable: earlier first
      for (int j = 0; j < op.k(); j++) {
        result.integers()[row * op.k() + j] = order[j];
      }
    }
    return result;
  }

  private static int compare(NumberArray values, int i, int j) {
    return values.isReal()
        ? Double.compare(values.reals()[i], values.reals()[j])
        : Long.compare(values.integers()[i], values.integers()[j]);
  }

  private static int checked(long index, int size, Primitive op) {
    if (index < 0 || index >= size) {
      throw new UsageException(op + ": index " + index + " is outside 0 to " + (size - 1));
    }
    return (int) index;
  }
}
