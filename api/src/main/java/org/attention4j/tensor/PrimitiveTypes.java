package org.attention4j.tensor;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.attention4j.error.ShapeException;

/** The type rule of each primitive: what it takes, and the type of its result. */
final class PrimitiveTypes implements Primitive.Visitor<List<TensorType>, TensorType> {
  static final PrimitiveTypes RULES = new PrimitiveTypes();

  private PrimitiveTypes() {}

  @Override
  public TensorType constant(Primitive.Constant op, List<TensorType> in) {
    return op.type();
  }

  @Override
  public TensorType iota(Primitive.Iota op, List<TensorType> in) {
    return TensorType.i64(op.length());
  }

  @Override
  public TensorType dimValue(Primitive.DimValue op, List<TensorType> in) {
    return TensorType.i64();
  }

  @Override
  public TensorType unary(Primitive.Unary op, List<TensorType> in) {
    Op.check(
        in.size() == 1 && op.function().accepts(in.get(0).dtype()), op, "one fitting operand", in);
    return in.get(0);
  }

  @Override
  public TensorType binary(Primitive.Binary op, List<TensorType> in) {
    Op.check(
        in.size() == 2 && in.get(0).dtype() == in.get(1).dtype(),
        op,
        "two operands of one element type",
        in);
    DType dtype = in.get(0).dtype();
    Op.check(op.function().accepts(dtype), op, "another element type", in);
    List<Dim> dims = TensorType.broadcast(op, in.get(0).dims(), in.get(1).dims());
    return new TensorType(op.function().isPredicate() ? DType.BOOL : dtype, dims);
  }

  @Override
  public TensorType where(Primitive.Where op, List<TensorType> in) {
    Op.check(
        in.size() == 3 && in.get(0).dtype() == DType.BOOL && in.get(1).dtype() == in.get(2).dtype(),
        op,
        "a boolean and two operands of one element type",
        in);
    List<Dim> values = TensorType.broadcast(op, in.get(1).dims(), in.get(2).dims());
    return in.get(1).with(TensorType.broadcast(op, in.get(0).dims(), values));
  }

  @Override
  public TensorType cast(Primitive.Cast op, List<TensorType> in) {
    Op.check(in.size() == 1, op, "one operand", in);
    return in.get(0).as(op.to());
  }

  @Override
  public TensorType matMul(Primitive.MatMul op, List<TensorType> in) {
    Op.check(
        in.size() == 2 && in.get(0).rank() >= 2 && in.get(1).rank() >= 2, op, "two matrices", in);
    TensorType a = in.get(0);
    TensorType b = in.get(1);
    Op.check(
        a.dtype() == b.dtype() && a.dtype() != DType.BOOL, op, "operands of one number type", in);
    Dim inner = b.dim(op.transposeB() ? -1 : -2);
    if (!a.dim(-1).equals(inner)) {
      throw new ShapeException(
          op + ": inner sizes " + a.dim(-1) + " and " + inner + " differ in " + a + " x " + b);
    }
    List<Dim> dims =
        new ArrayList<>(
            TensorType.broadcast(
                op, a.dims().subList(0, a.rank() - 2), b.dims().subList(0, b.rank() - 2)));
    dims.add(a.dim(-2));
    dims.add(b.dim(op.transposeB() ? -2 : -1));
    return a.with(dims);
  }

  @Override
  public TensorType reduce(Primitive.Reduce op, List<TensorType> in) {
    Op.check(in.size() == 1 && in.get(0).dtype() != DType.BOOL, op, "one operand of numbers", in);
    TensorType type = in.get(0);
    for (int axis : op.axes()) {
      Op.check(axis >= 0 && axis < type.rank(), op, "op.axes() of the operand", in);
      type = type.with(axis, 1);
    }
    return type;
  }

  @Override
  public TensorType softmax(Primitive.Softmax op, List<TensorType> in) {
    Op.check(
        in.size() == 1 && in.get(0).rank() > 0 && in.get(0).dtype().isFloating(),
        op,
        "one floating operand with an axis",
        in);
    return in.get(0);
  }

  @Override
  public TensorType reshape(Primitive.Reshape op, List<TensorType> in) {
    Op.check(in.size() == 1, op, "one operand", in);
    TensorType result = in.get(0).with(op.to());
    if (!result.count().equals(in.get(0).count())) {
      throw new ShapeException(
          op + ": " + in.get(0) + " has " + in.get(0).count() + " elements, not " + result.count());
    }
    return result;
  }

  @Override
  public TensorType expand(Primitive.Expand op, List<TensorType> in) {
    Op.check(
        in.size() == 1 && TensorType.broadcast(op, in.get(0).dims(), op.to()).equals(op.to()),
        op,
        "an operand that broadcasts op.to() it",
        in);
    return in.get(0).with(op.to());
  }

  @Override
  public TensorType permute(Primitive.Permute op, List<TensorType> in) {
    Op.check(
        in.size() == 1
            && op.axes().size() == in.get(0).rank()
            && new HashSet<>(op.axes()).size() == op.axes().size(),
        op,
        "an operand with as many op.axes(), each named once",
        in);
    return in.get(0).with(op.axes().stream().map(in.get(0)::dim).toList());
  }

  @Override
  public TensorType slice(Primitive.Slice op, List<TensorType> in) {
    Op.check(
        in.size() == 1 && op.axis() < in.get(0).rank(), op, "an operand with that op.axis()", in);
    Dim size = in.get(0).dim(op.axis());
    boolean inside = !op.from().known() || op.from().longSize() >= 0;
    inside &= !(op.to().known() && size.known()) || op.to().longSize() <= size.longSize();
    inside &= !(op.to().known() && op.from().known()) || op.from().longSize() <= op.to().longSize();
    Op.check(inside, op, "bounds inside the op.axis()", in);
    return in.get(0).with(op.axis(), op.to().minus(op.from()));
  }

  @Override
  public TensorType pad(Primitive.Pad op, List<TensorType> in) {
    Op.check(
        in.size() == 1 && op.axis() < in.get(0).rank(), op, "an operand with that op.axis()", in);
    return in.get(0).with(op.axis(), in.get(0).dim(op.axis()).plus(op.before()).plus(op.after()));
  }

  @Override
  public TensorType concat(Primitive.Concat op, List<TensorType> in) {
    Op.check(!in.isEmpty() && op.axis() < in.get(0).rank(), op, "operands with that op.axis()", in);
    Dim total = Dim.of(0);
    for (TensorType type : in) {
      Op.check(
          type.rank() == in.get(0).rank()
              && type.with(op.axis(), 1).equals(in.get(0).with(op.axis(), 1)),
          op,
          "operands equal off op.axis() " + op.axis(),
          in);
      total = total.plus(type.dim(op.axis()));
    }
    return in.get(0).with(op.axis(), total);
  }

  @Override
  public TensorType gather(Primitive.Gather op, List<TensorType> in) {
    Op.check(
        in.size() == 2 && in.get(0).rank() > 0 && in.get(1).dtype() == DType.I64,
        op,
        "a table and i64 indices",
        in);
    List<Dim> dims = new ArrayList<>(in.get(1).dims());
    dims.addAll(in.get(0).dims().subList(1, in.get(0).rank()));
    return in.get(0).with(dims);
  }

  @Override
  public TensorType scatterAdd(Primitive.ScatterAdd op, List<TensorType> in) {
    Op.check(in.size() == 2 && in.get(0).dtype() == DType.I64, op, "i64 indices and updates", in);
    int lead = in.get(0).rank();
    Op.check(
        in.get(1).rank() >= lead && in.get(1).dims().subList(0, lead).equals(in.get(0).dims()),
        op,
        "updates that begin with the axes of the indices",
        in);
    List<Dim> dims = new ArrayList<>(List.of(op.rows()));
    dims.addAll(in.get(1).dims().subList(lead, in.get(1).rank()));
    return in.get(1).with(dims);
  }

  @Override
  public TensorType gatherAlong(Primitive.GatherAlong op, List<TensorType> in) {
    Op.check(in.size() == 2 && op.axis() < in.get(0).rank(), op, "values and indices", in);
    Op.check(in.get(1).dtype() == DType.I64, op, "i64 indices", in);
    Op.check(
        sameOff(in.get(0), in.get(1), op.axis()),
        op,
        "indices equal to the values off the op.axis()",
        in);
    return in.get(0).with(in.get(1).dims());
  }

  @Override
  public TensorType scatterAlong(Primitive.ScatterAlong op, List<TensorType> in) {
    Op.check(
        in.size() == 2
            && in.get(0).dtype() == DType.I64
            && in.get(0).dims().equals(in.get(1).dims()),
        op,
        "i64 indices and updates of the same axes",
        in);
    return in.get(1).with(op.axis(), op.size());
  }

  @Override
  public TensorType topK(Primitive.TopK op, List<TensorType> in) {
    Op.check(in.size() == 1 && in.get(0).rank() > 0, op, "one operand with an axis", in);
    Dim size = in.get(0).dim(-1);
    Op.check(
        op.k() > 0 && (!size.known() || op.k() <= size.longSize()),
        op,
        "op.k() from 1 to the last size",
        in);
    return in.get(0).with(-1, op.k()).as(DType.I64);
  }

  @Override
  public TensorType update(Primitive.Update op, List<TensorType> in) {
    Op.check(
        in.size() == 3
            && in.get(0).dtype() == in.get(1).dtype()
            && in.get(2).equals(TensorType.i64())
            && sameOff(in.get(0), in.get(1), op.axis()),
        op,
        "a buffer, values equal to it off the op.axis(), and an i64 scalar",
        in);
    return in.get(0);
  }

  /** Whether they are equal but for the size of one axis. */
  private static boolean sameOff(TensorType a, TensorType b, int axis) {
    return a.rank() == b.rank() && a.with(axis, 1).dims().equals(b.with(axis, 1).dims());
  }
}
