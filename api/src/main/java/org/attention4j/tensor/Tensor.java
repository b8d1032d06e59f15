package org.attention4j.tensor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.attention4j.error.AttentionException;
import org.attention4j.error.ShapeException;

/**
 * A typed handle in an executor. Its methods build an op, infer the type once for all engines, and
 * hand it to the executor, which runs it (eager) or records it (tracing).
 *
 * <p>Immutable; as thread-safe as its executor. Every method throws {@link ShapeException} when
 * types do not fit, with the op and the types in the message.
 */
public final class Tensor implements Pointwise {
  private final TensorType type;
  private final Executor executor;
  private final Object handle;

  /** A handle that {@code executor} made, of that type. */
  public Tensor(TensorType type, Executor executor, Object handle) {
    this.type = type;
    this.executor = executor;
    this.handle = handle;
  }

  public TensorType type() {
    return type;
  }

  @Override
  public DType dtype() {
    return type.dtype();
  }

  /** The executor's own value. */
  public Object handle() {
    return handle;
  }

  public Executor executor() {
    return executor;
  }

  /** Size of an axis; negative axes count from the back. */
  public Dim dim(int axis) {
    return type.dim(axis);
  }

  public int rank() {
    return type.rank();
  }

  /** Runs an op on operands of one executor; a composite that is not claimed is expanded. */
  public static List<Tensor> run(Executor executor, Op op, List<Tensor> operands) {
    List<TensorType> types = new ArrayList<>(operands.size());
    List<Object> handles = new ArrayList<>(operands.size());
    for (Tensor operand : operands) {
      if (operand.executor != executor) {
        throw new AttentionException(op + ": operands live in different executors");
      }
      types.add(operand.type);
      handles.add(operand.handle);
    }
    List<TensorType> promised = op.infer(types);
    if (op instanceof Composite composite && !executor.claims(composite, types)) {
      return expanded(composite, operands, promised);
    }
    List<Object> results = executor.execute(op, types, promised, handles);
    List<Tensor> tensors = new ArrayList<>(results.size());
    for (int i = 0; i < results.size(); i++) {
      tensors.add(new Tensor(promised.get(i), executor, results.get(i)));
    }
    return tensors;
  }

  private static List<Tensor> expanded(
      Composite op, List<Tensor> operands, List<TensorType> promised) {
    List<Tensor> results = op.expand(operands);
    List<TensorType> types = results.stream().map(Tensor::type).toList();
    if (!types.equals(promised)) {
      throw new ShapeException(op + " promised " + promised + " but expands to " + types);
    }
    return results;
  }

  @Override
  public Tensor apply(Op op, Tensor... rest) {
    List<Tensor> operands = new ArrayList<>(rest.length + 1);
    operands.add(this);
    Collections.addAll(operands, rest);
    return run(executor, op, operands).get(0);
  }

  // Sources that live beside this tensor.

  private Tensor source(Primitive op) {
    return run(executor, op, List.of()).get(0);
  }

  @Override
  public Tensor scalar(double value) {
    return source(new Primitive.Constant(TensorType.of(dtype()), List.of(literal(value))));
  }

  /** A constant of this tensor's element type and the given length. */
  public Tensor constant(double... values) {
    List<Number> literals = DoubleStream.of(values).mapToObj(this::literal).toList();
    return source(new Primitive.Constant(TensorType.of(dtype(), values.length), literals));
  }

  /** An i64 constant of the given length. */
  public Tensor integers(long... values) {
    List<Number> literals = LongStream.of(values).mapToObj(v -> (Number) v).toList();
    return source(new Primitive.Constant(TensorType.i64(values.length), literals));
  }

  private Number literal(double value) {
    if (dtype().isFloating()) {
      return value;
    }
    return (long) value;
  }

  /** {@code 0 .. n-1}, i64. */
  public Tensor iota(Dim n) {
    return source(new Primitive.Iota(n));
  }

  /** {@code from .. from+n-1}, i64. */
  public Tensor iota(Dim from, Dim n) {
    return from.is(0) ? iota(n) : iota(n).add(value(from));
  }

  /** A size as an i64 scalar. */
  public Tensor value(Dim dim) {
    return source(new Primitive.DimValue(dim));
  }

  // Contraction and reduction.

  /** {@code [.., m, k] x [.., k, n] -> [.., m, n]}. */
  public Tensor matmul(Tensor other) {
    return apply(new Primitive.MatMul(false), other);
  }

  /** {@code [.., m, k] x [.., n, k] -> [.., m, n]}. */
  public Tensor matmulTransposed(Tensor other) {
    return apply(new Primitive.MatMul(true), other);
  }

  private List<Integer> axes(int... axes) {
    return IntStream.of(axes).map(type::axis).sorted().boxed().toList();
  }

  /** Sum over axes, which stay with size 1. */
  public Tensor sum(int... axes) {
    return apply(new Primitive.Reduce(Primitive.Reduction.SUM, axes(axes)));
  }

  /** Maximum over axes, which stay with size 1. */
  public Tensor maximum(int... axes) {
    return apply(new Primitive.Reduce(Primitive.Reduction.MAX, axes(axes)));
  }

  /** Mean over one axis, which stays with size 1. */
  public Tensor mean(int axis) {
    return sum(axis).div(value(dim(axis)).cast(dtype()));
  }

  /** Softmax over the last axis. */
  public Tensor softmax() {
    return apply(new Primitive.Softmax());
  }

  // Movement.

  public Tensor reshape(List<Dim> dims) {
    return dims.equals(type.dims()) ? this : apply(new Primitive.Reshape(dims));
  }

  /** Reshape to sizes that {@link Dim#of(Object)} reads. */
  public Tensor reshape(Object... dims) {
    return reshape(Arrays.stream(dims).map(Dim::of).toList());
  }

  /** One axis becomes several: [.., a*b, ..] to [.., a, b, ..]. */
  public Tensor split(int axis, Object... sizes) {
    List<Dim> dims = new ArrayList<>(type.dims());
    int at = type.axis(axis);
    dims.remove(at);
    dims.addAll(at, Arrays.stream(sizes).map(Dim::of).toList());
    return reshape(dims);
  }

  /** Several neighbouring axes, from {@code axis} on, become one. */
  public Tensor merge(int axis, int count) {
    List<Dim> dims = new ArrayList<>(type.dims());
    int at = type.axis(axis);
    Dim product = Dim.of(1);
    for (int i = 0; i < count; i++) {
      product = product.times(dims.remove(at));
    }
    dims.add(at, product);
    return reshape(dims);
  }

  /** A new axis of size 1; negative positions count from behind the last axis. */
  public Tensor insert(int axis) {
    List<Dim> dims = new ArrayList<>(type.dims());
    dims.add(axis < 0 ? dims.size() + 1 + axis : axis, Dim.of(1));
    return reshape(dims);
  }

  /** Removes an axis of size 1. */
  public Tensor drop(int axis) {
    List<Dim> dims = new ArrayList<>(type.dims());
    if (!dims.remove(type.axis(axis)).is(1)) {
      throw new ShapeException("drop(" + axis + ") needs an axis of size 1, got " + type);
    }
    return reshape(dims);
  }

  public Tensor expand(List<Dim> dims) {
    return dims.equals(type.dims()) ? this : apply(new Primitive.Expand(dims));
  }

  /** Repeats an axis of size 1. */
  public Tensor expand(int axis, Dim size) {
    return expand(type.with(axis, size).dims());
  }

  /** Result axis i is this tensor's axis {@code axes[i]}. */
  public Tensor permute(Integer... axes) {
    return apply(new Primitive.Permute(List.of(axes)));
  }

  /** Swaps the last two axes. */
  public Tensor transpose() {
    List<Integer> axes = new ArrayList<>(IntStream.range(0, rank()).boxed().toList());
    Collections.swap(axes, rank() - 1, rank() - 2);
    return apply(new Primitive.Permute(axes));
  }

  /**
   * Indices from (inclusive) to (exclusive) of one axis; sizes as {@link Dim#of(Object)} reads
   * them.
   */
  public Tensor slice(int axis, Object from, Object to) {
    Dim start = Dim.of(from);
    Dim end = Dim.of(to);
    boolean whole = start.is(0) && end.equals(dim(axis));
    return whole ? this : apply(new Primitive.Slice(type.axis(axis), start, end));
  }

  /** One index of an axis, which goes away. */
  public Tensor at(int axis, int index) {
    return slice(axis, index, index + 1).drop(axis);
  }

  /** Zeros before and after along an axis. */
  public Tensor pad(int axis, Dim before, Dim after) {
    return apply(new Primitive.Pad(type.axis(axis), before, after));
  }

  /** This tensor, then the others, along an axis. */
  public Tensor concat(int axis, Tensor... others) {
    return apply(new Primitive.Concat(type.axis(axis)), others);
  }

  // Indexing.

  /** Rows of this table: {@code [n, rest..] at [shape..] -> [shape.., rest..]}. */
  public Tensor take(Tensor indices) {
    return apply(new Primitive.Gather(), indices);
  }

  /** Elements along one axis, at indices that have this tensor's axes except that one. */
  public Tensor takeAlong(int axis, Tensor indices) {
    return apply(new Primitive.GatherAlong(type.axis(axis)), indices);
  }

  /** Indices of the k largest of the last axis. */
  public Tensor topK(int k) {
    return apply(new Primitive.TopK(k));
  }

  /** Whether each index (i64) equals each of {@code 0 .. n-1}: bool [.., n]. */
  public Tensor oneHot(int n) {
    return insert(-1).eq(iota(Dim.of(n)));
  }

  /** Sums down to smaller axes: the adjoint of broadcasting. */
  public Tensor sumTo(List<Dim> dims) {
    int lead = rank() - dims.size();
    List<Integer> reduced = new ArrayList<>();
    for (int i = 0; i < rank(); i++) {
      if (i < lead || (dims.get(i - lead).is(1) && !dim(i).is(1))) {
        reduced.add(i);
      }
    }
    if (reduced.isEmpty()) {
      return reshape(dims);
    }
    return apply(new Primitive.Reduce(Primitive.Reduction.SUM, reduced)).reshape(dims);
  }

  @Override
  public String toString() {
    return "Tensor " + type;
  }
}
