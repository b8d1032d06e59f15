package org.attention4j.engine.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Primitive;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * Primitives as calls of NDArray. Null where NDArray has no such operation, or none with the same
 * meaning: those run as a script of one line.
 */
final class NDArrayPrimitives
    implements Primitive.Visitor<NDArrayPrimitives.Call, @Nullable NDArray> {

  /**
   * Operands, the type of the result, and where it is made.
   *
   * @param result type with known sizes
   */
  record Call(NDManager manager, Precision precision, List<NDArray> in, TensorType result) {
    NDArray a() {
      return in.get(0);
    }

    NDArray b() {
      return in.get(1);
    }

    Shape shape() {
      return new Shape(result.shape());
    }

    boolean floating() {
      return a().getDataType().isFloating();
    }

    boolean empty() {
      return in.stream().anyMatch(x -> x.size() == 0);
    }

    DataType dataType() {
      return HostArrays.dataType(precision.stored(result.dtype()));
    }
  }

  @Override
  public @Nullable NDArray constant(Primitive.Constant op, Call c) {
    return CompiledGraph.constants(c.manager, List.of(op), c.precision).get(0);
  }

  @Override
  public @Nullable NDArray iota(Primitive.Iota op, Call c) {
    return c.manager.arange(0, op.length().size(), 1, DataType.INT64);
  }

  @Override
  public @Nullable NDArray dimValue(Primitive.DimValue op, Call c) {
    return c.manager.create(op.dim().longSize());
  }

  @Override
  public @Nullable NDArray unary(Primitive.Unary op, Call c) {
    NDArray a = c.a();
    return switch (op.function()) {
      case NEG -> a.neg();
      case EXP -> a.exp();
      case LOG -> a.log();
      case SQRT -> a.sqrt();
      case RECIPROCAL -> null;
      case TANH -> a.tanh();
      case ERF -> a.erf();
      case SIN -> a.sin();
      case COS -> a.cos();
      case ABS -> a.abs();
      case FLOOR -> a.floor();
      case NOT -> a.logicalNot();
      case STOP_GRADIENT -> a.stopGradient();
    };
  }

  @Override
  public @Nullable NDArray binary(Primitive.Binary op, Call c) {
    NDArray a = c.a();
    NDArray b = c.b();
    return switch (op.function()) {
      case ADD -> a.add(b);
      case SUB -> a.sub(b);
      case MUL -> a.mul(b);
      case DIV -> c.floating() ? a.div(b) : null; // of integers NDArray divides as floats
      case MAX -> a.maximum(b);
      case MIN -> a.minimum(b);
      case LT -> a.lt(b);
      case LE -> a.lte(b);
      case EQ -> a.eq(b);
      case AND -> a.logicalAnd(b);
      case OR -> a.logicalOr(b);
    };
  }

  @Override
  public @Nullable NDArray where(Primitive.Where op, Call c) {
    return null; // NDArray's does not broadcast
  }

  @Override
  public @Nullable NDArray cast(Primitive.Cast op, Call c) {
    boolean small = op.to() == DType.U8 || op.to() == DType.I8;
    return small ? null : c.a().toType(c.dataType(), true);
  }

  @Override
  public @Nullable NDArray matMul(Primitive.MatMul op, Call c) {
    if (!c.floating()) {
      return null;
    }
    if (!op.transposeB()) {
      return c.a().matMul(c.b());
    }
    int rank = c.b().getShape().dimension();
    try (NDArray transposed = c.b().swapAxes(rank - 2, rank - 1)) { // [.., k, n]
      return c.a().matMul(transposed);
    }
  }

  @Override
  public @Nullable NDArray reduce(Primitive.Reduce op, Call c) {
    if (op.function() == Primitive.Reduction.MAX || op.axes().isEmpty()) {
      return null;
    }
    return c.a().sum(op.axes().stream().mapToInt(axis -> axis).toArray(), true);
  }

  @Override
  public @Nullable NDArray softmax(Primitive.Softmax op, Call c) {
    return c.a().softmax(-1);
  }

  @Override
  public @Nullable NDArray reshape(Primitive.Reshape op, Call c) {
    return c.a().reshape(c.shape());
  }

  @Override
  public @Nullable NDArray expand(Primitive.Expand op, Call c) {
    return c.a().broadcast(c.shape());
  }

  @Override
  public @Nullable NDArray permute(Primitive.Permute op, Call c) {
    return op.axes().isEmpty()
        ? null
        : c.a().transpose(op.axes().stream().mapToInt(axis -> axis).toArray());
  }

  @Override
  public @Nullable NDArray slice(Primitive.Slice op, Call c) {
    if (c.empty() || op.from().equals(op.to())) {
      return null;
    }
    NDIndex index = new NDIndex();
    for (int axis = 0; axis < op.axis(); axis++) {
      index.addAllDim();
    }
    index.addSliceDim(op.from().longSize(), op.to().longSize());
    return c.a().get(index.addEllipseDim());
  }

  @Override
  public @Nullable NDArray pad(Primitive.Pad op, Call c) {
    return null;
  }

  @Override
  public @Nullable NDArray concat(Primitive.Concat op, Call c) {
    return NDArrays.concat(new NDList(c.in), op.axis());
  }

  @Override
  public @Nullable NDArray gather(Primitive.Gather op, Call c) {
    return null;
  }

  @Override
  public @Nullable NDArray scatterAdd(Primitive.ScatterAdd op, Call c) {
    return null;
  }

  @Override
  public @Nullable NDArray gatherAlong(Primitive.GatherAlong op, Call c) {
    return c.a().gather(c.b(), op.axis());
  }

  @Override
  public @Nullable NDArray scatterAlong(Primitive.ScatterAlong op, Call c) {
    return null;
  }

  @Override
  public @Nullable NDArray topK(Primitive.TopK op, Call c) {
    return null; // PyTorch leaves the order of equal elements open
  }

  @Override
  public @Nullable NDArray update(Primitive.Update op, Call c) {
    return null;
  }
}
