package org.attention4j.tensor;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.attention4j.error.ShapeException;

/**
 * The closed set of operations that every engine runs. Each has one result.
 *
 * <p>Engines implement {@link Visitor}, so that a new primitive breaks each of them at compile
 * time.
 */
public sealed interface Primitive extends Op {

  /** Type of the one result. */
  TensorType type(List<TensorType> operands);

  /** Calls the visitor's method for this primitive. */
  <C, R> R accept(Visitor<C, R> visitor, C context);

  @Override
  default List<TensorType> infer(List<TensorType> operands) {
    return List.of(type(operands));
  }

  /** One method for each primitive. */
  interface Visitor<C, R> {
    R constant(Constant op, C context);

    R iota(Iota op, C context);

    R dimValue(DimValue op, C context);

    R unary(Unary op, C context);

    R binary(Binary op, C context);

    R where(Where op, C context);

    R cast(Cast op, C context);

    R matMul(MatMul op, C context);

    R reduce(Reduce op, C context);

    R softmax(Softmax op, C context);

    R reshape(Reshape op, C context);

    R expand(Expand op, C context);

    R permute(Permute op, C context);

    R slice(Slice op, C context);

    R pad(Pad op, C context);

    R concat(Concat op, C context);

    R gather(Gather op, C context);

    R scatterAdd(ScatterAdd op, C context);

    R gatherAlong(GatherAlong op, C context);

    R scatterAlong(ScatterAlong op, C context);

    R topK(TopK op, C context);

    R update(Update op, C context);
  }

  /**
   * Literal values in row-major order: Doubles for floating types, Longs for integers, 0 or 1 for
   * booleans.
   */
  record Constant(TensorType type, List<Number> values) implements Primitive {
    public Constant {
      values = List.copyOf(values);
      if (type.count().longSize() != values.size()) {
        throw new ShapeException("Constant of type " + type + " has " + values.size() + " values");
      }
    }

    @Override
    public TensorType type(List<TensorType> operands) {
      return type;
    }

    @Override
    public <C, R> R accept(Visitor<C, R> visitor, C context) {
      return visitor.constant(this, context);
    }

    @Override
    public String toString() {
      return "Constant[" + type + (values.size() <= 4 ? " " + values : "") + "]";
    }
  }

  /** {@code 0, 1, .., length - 1} as i64. */
  record Iota(Dim length) implements Primitive {
    @Override
    public TensorType type(List<TensorType> operands) {
      return TensorType.i64(length);
    }

    @Override
    public Iota bind(Map<String, Long> sizes) {
      return new Iota(length.bind(sizes));
    }

    @Override
    public <C, R> R accept(Visitor<C, R> visitor, C context) {
      return visitor.iota(this, context);
    }
  }

  /** A size as an i64 scalar. */
  record DimValue(Dim dim) implements Primitive {
    @Override
    public TensorType type(List<TensorType> operands) {
      return TensorType.i64();
    }

    @Override
    public DimValue bind(Map<String, Long> sizes) {
      return new DimValue(dim.bind(sizes));
    }

    @Override
    public <C, R> R accept(Visitor<C, R> visitor, C context) {
      return visitor.dimValue(this, context);
    }
  }

  /** A pointwise function of one operand. */
  record Unary(UnaryFunction function) implements Primitive {
    @Override
    public TensorType type(List<TensorType> in) {
      Op.check(
          in.size() == 1 && function.accepts(in.get(0).dtype()), this, "one fitting operand", in);
      return in.get(0);
    }

    @Override
    public <C, R> R accept(Visitor<C, R> visitor, C context) {
      return visitor.unary(this, context);
    }
  }

  /** A pointwise function of two operands of one element type, broadcast. */
  record Binary(BinaryFunction function) implements Primitive {
    @Override
    public TensorType type(List<TensorType> in) {
      Op.check(
          in.size() == 2 && in.get(0).dtype() == in.get(1).dtype(),
          this,
          "two operands of one element type",
          in);
      DType dtype = in.get(0).dtype();
      Op.check(function.accepts(dtype), this, "another element type", in);
      List<Dim> dims = TensorType.broadcast(this, in.get(0).dims(), in.get(1).dims());
      return new TensorType(function.isPredicate() ? DType.BOOL : dtype, dims);
    }

    @Override
    public <C, R> R accept(Visitor<C, R> visitor, C context) {
      return visitor.binary(this, context);
    }
  }

  /** {@code condition ? yes : no} pointwise, all three broadcast. */
  record Where() implements Primitive {
    @Override
    public TensorType type(List<TensorType> in) {
      Op.check(
          in.size() == 3
              && in.get(0).dtype() == DType.BOOL
              && in.get(1).dtype() == in.get(2).dtype(),
          this,
          "a boolean and two operands of one element type",
          in);
      List<Dim> values = TensorType.broadcast(this, in.get(1).dims(), in.get(2).dims());
      return in.get(1).with(TensorType.broadcast(this, in.get(0).dims(), values));
    }

    @Override
    public <C, R> R accept(Visitor<C, R> visitor, C context) {
      return visitor.where(this, context);
    }
  }

  /** Conversion; floats to integers are cut towards zero, anything non-zero is true. */
  record Cast(DType to) implements Primitive {
    @Override
    public TensorType type(List<TensorType> in) {
      Op.check(in.size() == 1, this, "one operand", in);
      return in.get(0).as(to);
    }

    @Override
    public <C, R> R accept(Visitor<C, R> visitor, C context) {
      return visitor.cast(this, context);
    }
  }

  /**
   * Matrix product over the last two axes, leading axes broadcast; {@code transposeB} reads b as
   * [.., n, k].
   */
  record MatMul(boolean transposeB) implements Primitive {
    @Override
    public TensorType type(List<TensorType> in) {
      Op.check(
          in.size() == 2 && in.get(0).rank() >= 2 && in.get(1).rank() >= 2,
          this,
          "two matrices",
          in);
      TensorType a = in.get(0);
      TensorType b = in.get(1);
      Op.check(
          a.dtype() == b.dtype() && a.dtype() != DType.BOOL,
          this,
          "operands of one number type",
          in);
      Dim inner = b.dim(transposeB ? -1 : -2);
      if (!a.dim(-1).equals(inner)) {
        throw new ShapeException(
            this + ": inner sizes " + a.dim(-1) + " and " + inner + " differ in " + a + " x " + b);
      }
      List<Dim> dims =
          new ArrayList<>(
              TensorType.broadcast(
                  this, a.dims().subList(0, a.rank() - 2), b.dims().subList(0, b.rank() - 2)));
      dims.add(a.dim(-2));
      dims.add(b.dim(transposeB ? -2 : -1));
      return a.with(dims);
    }

    @Override
    public <C, R> R accept(Visitor<C, R> visitor, C context) {
      return visitor.matMul(this, context);
    }
  }

  /** How a reduction combines. */
  enum Reduction {
    SUM,
    MAX
  }

  /** Reduces the axes to size 1. An empty sum is 0, an empty maximum -infinity. */
  record Reduce(Reduction function, List<Integer> axes) implements Primitive {
    public Reduce {
      axes = List.copyOf(axes);
    }

    @Override
    public TensorType type(List<TensorType> in) {
      Op.check(
          in.size() == 1 && in.get(0).dtype() != DType.BOOL, this, "one operand of numbers", in);
      TensorType type = in.get(0);
      for (int axis : axes) {
        Op.check(axis >= 0 && axis < type.rank(), this, "axes of the operand", in);
        type = type.with(axis, 1);
      }
      return type;
    }

    @Override
    public <C, R> R accept(Visitor<C, R> visitor, C context) {
      return visitor.reduce(this, context);
    }
  }

  /** Exponentials over the last axis, normalised to sum 1. */
  record Softmax() implements Primitive {
    @Override
    public TensorType type(List<TensorType> in) {
      Op.check(
          in.size() == 1 && in.get(0).rank() > 0 && in.get(0).dtype().isFloating(),
          this,
          "one floating operand with an axis",
          in);
      return in.get(0);
    }

    @Override
    public <C, R> R accept(Visitor<C, R> visitor, C context) {
      return visitor.softmax(this, context);
    }
  }

  /** The same elements in row-major order under other axes. */
  record Reshape(List<Dim> to) implements Primitive {
    public Reshape {
      to = List.copyOf(to);
    }

    @Override
    public TensorType type(List<TensorType> in) {
      Op.check(in.size() == 1, this, "one operand", in);
      TensorType result = in.get(0).with(to);
      if (!result.count().equals(in.get(0).count())) {
        throw new ShapeException(
            this
                + ": "
                + in.get(0)
                + " has "
                + in.get(0).count()
                + " elements, not "
                + result.count());
      }
      return result;
    }

    @Override
    public Reshape bind(Map<String, Long> sizes) {
      return new Reshape(to.stream().map(d -> d.bind(sizes)).toList());
    }

    @Override
    public <C, R> R accept(Visitor<C, R> visitor, C context) {
      return visitor.reshape(this, context);
    }
  }

  /** Repeats axes of size 1 and adds leading axes. */
  record Expand(List<Dim> to) implements Primitive {
    public Expand {
      to = List.copyOf(to);
    }

    @Override
    public TensorType type(List<TensorType> in) {
      Op.check(
          in.size() == 1 && TensorType.broadcast(this, in.get(0).dims(), to).equals(to),
          this,
          "an operand that broadcasts to it",
          in);
      return in.get(0).with(to);
    }

    @Override
    public Expand bind(Map<String, Long> sizes) {
      return new Expand(to.stream().map(d -> d.bind(sizes)).toList());
    }

    @Override
    public <C, R> R accept(Visitor<C, R> visitor, C context) {
      return visitor.expand(this, context);
    }
  }

  /** Result axis i is operand axis {@code axes[i]}. */
  record Permute(List<Integer> axes) implements Primitive {
    public Permute {
      axes = List.copyOf(axes);
    }

    @Override
    public TensorType type(List<TensorType> in) {
      Op.check(
          in.size() == 1
              && axes.size() == in.get(0).rank()
              && new HashSet<>(axes).size() == axes.size(),
          this,
          "an operand with as many axes, each named once",
          in);
      return in.get(0).with(axes.stream().map(in.get(0)::dim).toList());
    }

    @Override
    public <C, R> R accept(Visitor<C, R> visitor, C context) {
      return visitor.permute(this, context);
    }
  }

  /** Indices {@code from} (inclusive) to {@code to} (exclusive) of one axis. */
  record Slice(int axis, Dim from, Dim to) implements Primitive {
    @Override
    public TensorType type(List<TensorType> in) {
      Op.check(in.size() == 1 && axis < in.get(0).rank(), this, "an operand with that axis", in);
      Dim size = in.get(0).dim(axis);
      boolean inside = !from.known() || from.longSize() >= 0;
      inside &= !(to.known() && size.known()) || to.longSize() <= size.longSize();
      inside &= !(to.known() && from.known()) || from.longSize() <= to.longSize();
      Op.check(inside, this, "bounds inside the axis", in);
      return in.get(0).with(axis, to.minus(from));
    }

    @Override
    public Slice bind(Map<String, Long> sizes) {
      return new Slice(axis, from.bind(sizes), to.bind(sizes));
    }

    @Override
    public <C, R> R accept(Visitor<C, R> visitor, C context) {
      return visitor.slice(this, context);
    }
  }

  /** Zeros before and after along one axis. */
  record Pad(int axis, Dim before, Dim after) implements Primitive {
    @Override
    public TensorType type(List<TensorType> in) {
      Op.check(in.size() == 1 && axis < in.get(0).rank(), this, "an operand with that axis", in);
      return in.get(0).with(axis, in.get(0).dim(axis).plus(before).plus(after));
    }

    @Override
    public Pad bind(Map<String, Long> sizes) {
      return new Pad(axis, before.bind(sizes), after.bind(sizes));
    }

    @Override
    public <C, R> R accept(Visitor<C, R> visitor, C context) {
      return visitor.pad(this, context);
    }
  }

  /** Operands one after the other along one axis. */
  record Concat(int axis) implements Primitive {
    @Override
    public TensorType type(List<TensorType> in) {
      Op.check(!in.isEmpty() && axis < in.get(0).rank(), this, "operands with that axis", in);
      Dim total = Dim.of(0);
      for (TensorType type : in) {
        Op.check(
            type.rank() == in.get(0).rank() && type.with(axis, 1).equals(in.get(0).with(axis, 1)),
            this,
            "operands equal off axis " + axis,
            in);
        total = total.plus(type.dim(axis));
      }
      return in.get(0).with(axis, total);
    }

    @Override
    public <C, R> R accept(Visitor<C, R> visitor, C context) {
      return visitor.concat(this, context);
    }
  }

  /** Rows of a table: {@code table[n, rest..], indices[shape..] -> [shape.., rest..]}. */
  record Gather() implements Primitive {
    @Override
    public TensorType type(List<TensorType> in) {
      Op.check(
          in.size() == 2 && in.get(0).rank() > 0 && in.get(1).dtype() == DType.I64,
          this,
          "a table and i64 indices",
          in);
      List<Dim> dims = new ArrayList<>(in.get(1).dims());
      dims.addAll(in.get(0).dims().subList(1, in.get(0).rank()));
      return in.get(0).with(dims);
    }

    @Override
    public <C, R> R accept(Visitor<C, R> visitor, C context) {
      return visitor.gather(this, context);
    }
  }

  /** Sums rows into zeros: {@code indices[shape..], updates[shape.., rest..] -> [rows, rest..]}. */
  record ScatterAdd(Dim rows) implements Primitive {
    @Override
    public TensorType type(List<TensorType> in) {
      Op.check(
          in.size() == 2 && in.get(0).dtype() == DType.I64, this, "i64 indices and updates", in);
      int lead = in.get(0).rank();
      Op.check(
          in.get(1).rank() >= lead && in.get(1).dims().subList(0, lead).equals(in.get(0).dims()),
          this,
          "updates that begin with the axes of the indices",
          in);
      List<Dim> dims = new ArrayList<>(List.of(rows));
      dims.addAll(in.get(1).dims().subList(lead, in.get(1).rank()));
      return in.get(1).with(dims);
    }

    @Override
    public ScatterAdd bind(Map<String, Long> sizes) {
      return new ScatterAdd(rows.bind(sizes));
    }

    @Override
    public <C, R> R accept(Visitor<C, R> visitor, C context) {
      return visitor.scatterAdd(this, context);
    }
  }

  /** Elements picked along one axis; indices have the operand's axes except that one. */
  record GatherAlong(int axis) implements Primitive {
    @Override
    public TensorType type(List<TensorType> in) {
      Op.check(in.size() == 2 && axis < in.get(0).rank(), this, "values and indices", in);
      Op.check(in.get(1).dtype() == DType.I64, this, "i64 indices", in);
      Op.check(
          sameOff(in.get(0), in.get(1), axis),
          this,
          "indices equal to the values off the axis",
          in);
      return in.get(0).with(in.get(1).dims());
    }

    @Override
    public <C, R> R accept(Visitor<C, R> visitor, C context) {
      return visitor.gatherAlong(this, context);
    }
  }

  /**
   * Adjoint of {@link GatherAlong}: indices, updates of the same axes, summed into zeros of {@code
   * size} along the axis.
   */
  record ScatterAlong(int axis, Dim size) implements Primitive {
    @Override
    public TensorType type(List<TensorType> in) {
      Op.check(
          in.size() == 2
              && in.get(0).dtype() == DType.I64
              && in.get(0).dims().equals(in.get(1).dims()),
          this,
          "i64 indices and updates of the same axes",
          in);
      return in.get(1).with(axis, size);
    }

    @Override
    public ScatterAlong bind(Map<String, Long> sizes) {
      return new ScatterAlong(axis, size.bind(sizes));
    }

    @Override
    public <C, R> R accept(Visitor<C, R> visitor, C context) {
      return visitor.scatterAlong(this, context);
    }
  }

  /**
   * Indices (i64) of the k largest of the last axis, largest first, the earlier index first among
   * equals.
   */
  record TopK(int k) implements Primitive {
    @Override
    public TensorType type(List<TensorType> in) {
      Op.check(in.size() == 1 && in.get(0).rank() > 0, this, "one operand with an axis", in);
      Dim size = in.get(0).dim(-1);
      Op.check(
          k > 0 && (!size.known() || k <= size.longSize()), this, "k from 1 to the last size", in);
      return in.get(0).with(-1, k).as(DType.I64);
    }

    @Override
    public <C, R> R accept(Visitor<C, R> visitor, C context) {
      return visitor.topK(this, context);
    }
  }

  /**
   * {@code buffer, fresh, start}: fresh written over buffer[start, start + n) along one axis; start
   * is an i64 scalar.
   */
  record Update(int axis) implements Primitive {
    @Override
    public TensorType type(List<TensorType> in) {
      Op.check(
          in.size() == 3
              && in.get(0).dtype() == in.get(1).dtype()
              && in.get(2).equals(TensorType.i64())
              && sameOff(in.get(0), in.get(1), axis),
          this,
          "a buffer, values equal to it off the axis, and an i64 scalar",
          in);
      return in.get(0);
    }

    @Override
    public <C, R> R accept(Visitor<C, R> visitor, C context) {
      return visitor.update(this, context);
    }
  }

  private static boolean sameOff(TensorType a, TensorType b, int axis) {
    return a.rank() == b.rank() && a.with(axis, 1).dims().equals(b.with(axis, 1).dims());
  }
}
