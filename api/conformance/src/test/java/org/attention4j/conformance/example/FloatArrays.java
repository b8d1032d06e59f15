package org.attention4j.conformance.example;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.attention4j.error.UsageException;
import org.attention4j.spi.EagerExecutor;
import org.attention4j.tensor.BinaryFunction;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Op;
import org.attention4j.tensor.Primitive;
import org.attention4j.tensor.TensorType;

/** Primitives over arrays: float[] for floats, long[] for integers and booleans. */
final class FloatArrays implements EagerExecutor, Primitive.Visitor<FloatArrays.Call, Object> {
  /** One primitive with its operands: their shapes and arrays. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Call(TensorType result, List<int[]> shapes, List<Object> arrays, int[] shape) {
    Number at(int operand, int i) {
      Object array = arrays.get(operand);
      return array instanceof float[] floats ? (Number) floats[i] : (Number) ((long[]) array)[i];
    }

    /** An element of an operand that broadcasts to the result. */
    Number spread(int operand, int i) {
      return at(operand, index(i, shape, shapes.get(operand)));
    }

    /** Size of the result's axes from one on. */
    int inner(int axis) {
      return product(shape, axis, shape.length);
    }

    /** Place along an axis of element i of the result. */
    int place(int i, int axis) {
      return i / inner(axis + 1) % shape[axis];
    }

    /** Element of an operand that differs in one axis, at a place along it. */
    int other(int operand, int i, int axis, long place) {
      int size = shapes.get(operand)[axis];
      int inner = inner(axis + 1);
      return (i / inner / shape[axis] * size + checked(place, size)) * inner + i % inner;
    }

    static int checked(long index, int size) {
      if (index < 0 || index >= size) {
        throw new UsageException("index " + index + " is outside 0 to " + (size - 1));
      }
      return (int) index;
    }

    Object fill(IntFunction<Number> element) {
      int size = product(shape, 0, shape.length);
      Object array = result.dtype().isFloating() ? new float[size] : new long[size];
      for (int i = 0; i < size; i++) {
        if (array instanceof float[] floats) {
          floats[i] = element.apply(i).floatValue();
        } else {
          ((long[]) array)[i] = element.apply(i).longValue();
        }
      }
      return array;
    }
  }

  private static int[] sizes(TensorType type) {
    return Arrays.stream(type.shape()).mapToInt(Math::toIntExact).toArray();
  }

  private static int product(int[] shape, int from, int to) {
    return IntStream.range(from, to).map(a -> shape[a]).reduce(1, (a, b) -> a * b);
  }

  /** Flat index in a shape that broadcasts to a larger one. */
  private static int index(int flat, int[] large, int[] small) {
    int index = 0;
    int stride = 1;
    int rest = flat;
    for (int a = large.length - 1, b = small.length - 1; b >= 0; a--, b--) {
      index += small[b] == 1 ? 0 : rest % large[a] * stride;
      rest /= large[a];
      stride *= small[b];
    }
    return index;
  }

  @Override
  public boolean claims(Composite op, List<TensorType> operands) {
    return false;
  }

  @Override
  public List<Object> execute(
      Op op, List<TensorType> operandTypes, List<TensorType> resultTypes, List<Object> operands) {
    List<int[]> shapes = operandTypes.stream().map(FloatArrays::sizes).toList();
    TensorType result = resultTypes.get(0);
    Call call = new Call(result, shapes, operands, sizes(result));
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
  public void close() {}

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
    return c.fill(i -> unary(op, c.at(0, i)));
  }

  private static Number unary(Primitive.Unary op, Number number) {
    double x = number.doubleValue();
    return switch (op.function()) {
      case NEG -> -x;
      case EXP -> Math.exp(x);
      case LOG -> Math.log(x);
      case SQRT -> Math.sqrt(x);
      case RECIPROCAL -> 1 / x;
      case TANH -> Math.tanh(x);
      case ERF -> erf(x);
      case SIN -> Math.sin(x);
      case COS -> Math.cos(x);
      case ABS -> Math.abs(x);
      case FLOOR -> Math.floor(x);
      case NOT -> 1 - x;
      case STOP_GRADIENT -> number;
    };
  }

  /** 2/sqrt(pi) exp(-x^2) times the sum of 2^n x^(2n+1) / (2n+1)!!; beyond 5 it is 1 in f32. */
  private static double erf(double x) {
    double term = x;
    double sum = x;
    for (int n = 1; Math.abs(x) < 5 && n < 200; n++) {
      term *= 2 * x * x / (2 * n + 1);
      sum += term;
    }
    return Math.abs(x) < 5 ? 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum : Math.signum(x);
  }

  @Override
  public Object binary(Primitive.Binary op, Call c) {
    boolean whole = c.arrays.get(0) instanceof long[];
    return c.fill(
        i ->
            whole
                ? integer(op.function(), c.spread(0, i).longValue(), c.spread(1, i).longValue())
                : real(op.function(), c.spread(0, i).doubleValue(), c.spread(1, i).doubleValue()));
  }

  private static Number integer(BinaryFunction function, long a, long b) {
    return switch (function) {
      case ADD -> a + b;
      case SUB -> a - b;
      case MUL -> a * b;
      case DIV -> a / b;
      case AND -> a & b;
      case OR -> a | b;
      case MAX -> Math.max(a, b);
      case MIN -> Math.min(a, b);
      default -> truth(function, Long.compare(a, b));
    };
  }

  private static Number real(BinaryFunction function, double a, double b) {
    return switch (function) {
      case ADD -> a + b;
      case SUB -> a - b;
      case MUL -> a * b;
      case DIV -> a / b;
      case MAX -> Math.max(a, b);
      case MIN -> Math.min(a, b);
      default ->
          Double.isNaN(a) || Double.isNaN(b) ? 0 : truth(function, a < b ? -1 : a > b ? 1 : 0);
    };
  }

  private static int truth(BinaryFunction function, int order) {
    boolean less = order < 0 && function != BinaryFunction.EQ;
    return less || (order == 0 && function != BinaryFunction.LT) ? 1 : 0;
  }

  @Override
  public Object where(Primitive.Where op, Call c) {
    return c.fill(i -> c.spread(c.spread(0, i).longValue() != 0 ? 1 : 2, i));
  }

  @Override
  public Object cast(Primitive.Cast op, Call c) {
    boolean truth = op.to() == DType.BOOL;
    return c.fill(i -> truth ? (c.at(0, i).doubleValue() != 0 ? 1 : 0) : c.at(0, i));
  }

  @Override
  public Object matMul(Primitive.MatMul op, Call c) {
    int last = c.shape.length - 1;
    int width = c.shapes.get(0)[c.shapes.get(0).length - 1];
    int[] batch = Arrays.copyOf(c.shape, last - 1);
    int[] first = Arrays.copyOf(c.shapes.get(0), c.shapes.get(0).length - 2);
    int[] second = Arrays.copyOf(c.shapes.get(1), c.shapes.get(1).length - 2);
    return c.fill(
        i -> {
          int rows = i / c.inner(last - 1);
          int a = (index(rows, batch, first) * c.shape[last - 1] + c.place(i, last - 1)) * width;
          int b = index(rows, batch, second) * width * c.shape[last];
          int column = b + c.place(i, last) * (op.transposeB() ? width : 1);
          int step = op.transposeB() ? 1 : c.shape[last];
          double sum = 0;
          for (int k = 0; k < width; k++) {
            sum += c.at(0, a + k).doubleValue() * c.at(1, column + k * step).doubleValue();
          }
          return sum;
        });
  }

  @Override
  public Object reduce(Primitive.Reduce op, Call c) {
    boolean max = op.function() == Primitive.Reduction.MAX;
    double[] results = new double[product(c.shape, 0, c.shape.length)];
    Arrays.fill(results, max ? Double.NEGATIVE_INFINITY : 0);
    int[] from = c.shapes.get(0);
    for (int i = 0; i < product(from, 0, from.length); i++) {
      int at = index(i, from, c.shape);
      double x = c.at(0, i).doubleValue();
      results[at] = max ? Math.max(results[at], x) : results[at] + x;
    }
    return c.fill(i -> results[i]);
  }

  @Override
  public Object softmax(Primitive.Softmax op, Call c) {
    int width = c.shape[c.shape.length - 1];
    float[] x = (float[]) c.arrays.get(0);
    return c.fill(
        i -> {
          int row = i / width * width;
          double most = IntStream.range(0, width).mapToDouble(j -> x[row + j]).max().orElse(0);
          double sum =
              IntStream.range(0, width).mapToDouble(j -> Math.exp(x[row + j] - most)).sum();
          return Math.exp(x[i] - most) / sum;
        });
  }

  @Override
  public Object reshape(Primitive.Reshape op, Call c) {
    return c.fill(i -> c.at(0, i));
  }

  @Override
  public Object expand(Primitive.Expand op, Call c) {
    return c.fill(i -> c.spread(0, i));
  }

  @Override
  public Object permute(Primitive.Permute op, Call c) {
    int[] from = c.shapes.get(0);
    IntUnaryOperator stride = a -> product(from, op.axes().get(a) + 1, from.length);
    IntStream axes = IntStream.range(0, from.length);
    int[] strides = axes.map(stride).toArray();
    return c.fill(
        i ->
            c.at(0, IntStream.range(0, strides.length).map(a -> c.place(i, a) * strides[a]).sum()));
  }

  @Override
  public Object slice(Primitive.Slice op, Call c) {
    int axis = op.axis();
    return c.fill(i -> c.at(0, c.other(0, i, axis, c.place(i, axis) + op.from().longSize())));
  }

  @Override
  public Object pad(Primitive.Pad op, Call c) {
    int axis = op.axis();
    return c.fill(
        i -> {
          long at = c.place(i, axis) - op.before().longSize();
          boolean inside = at >= 0 && at < c.shapes.get(0)[axis];
          return inside ? c.at(0, c.other(0, i, axis, at)) : 0;
        });
  }

  @Override
  public Object concat(Primitive.Concat op, Call c) {
    int axis = op.axis();
    return c.fill(
        i -> {
          int operand = 0;
          int at = c.place(i, axis);
          while (at >= c.shapes.get(operand)[axis]) {
            at -= c.shapes.get(operand++)[axis];
          }
          return c.at(operand, c.other(operand, i, axis, at));
        });
  }

  @Override
  public Object gather(Primitive.Gather op, Call c) {
    int[] table = c.shapes.get(0);
    int width = product(table, 1, table.length);
    return c.fill(
        i -> {
          int row = Call.checked(c.at(1, i / width).longValue(), table[0]);
          return c.at(0, row * width + i % width);
        });
  }

  @Override
  public Object scatterAdd(Primitive.ScatterAdd op, Call c) {
    int width = c.inner(1);
    int[] indices = c.shapes.get(0);
    int rows = product(indices, 0, indices.length);
    return c.fill(
        i ->
            IntStream.range(0, rows)
                .filter(row -> c.at(0, row).intValue() == i / width)
                .mapToDouble(row -> c.at(1, row * width + i % width).doubleValue())
                .sum());
  }

  @Override
  public Object gatherAlong(Primitive.GatherAlong op, Call c) {
    return c.fill(i -> c.at(0, c.other(0, i, op.axis(), c.at(1, i).longValue())));
  }

  @Override
  public Object scatterAlong(Primitive.ScatterAlong op, Call c) {
    int axis = op.axis();
    return c.fill(
        i ->
            IntStream.range(0, c.shapes.get(0)[axis])
                .map(place -> c.other(0, i, axis, place))
                .filter(from -> c.at(0, from).intValue() == c.place(i, axis))
                .mapToDouble(from -> c.at(1, from).doubleValue())
                .sum());
  }

  @Override
  public Object topK(Primitive.TopK op, Call c) {
    int width = c.shapes.get(0)[c.shapes.get(0).length - 1];
    return c.fill(
        i -> {
          int row = i / op.k() * width;
          IntUnaryOperator rank =
              a -> (int) IntStream.range(0, width).filter(b -> before(c, row + b, row + a)).count();
          return IntStream.range(0, width)
              .filter(a -> rank.applyAsInt(a) == i % op.k())
              .findFirst()
              .orElseThrow();
        });
  }

  private static boolean before(Call c, int a, int b) {
    int order = Double.compare(c.at(0, b).doubleValue(), c.at(0, a).doubleValue());
    return order < 0 || (order == 0 && a < b);
  }

  @Override
  public Object update(Primitive.Update op, Call c) {
    long start = c.at(2, 0).longValue();
    int count = c.shapes.get(1)[op.axis()];
    return c.fill(
        i -> {
          long at = c.place(i, op.axis()) - start;
          return at < 0 || at >= count ? c.at(0, i) : c.at(1, c.other(1, i, op.axis(), at));
        });
  }
}
