package org.attention4j.tensor;

import java.util.List;
import java.util.Map;
import org.attention4j.error.Count;
import org.attention4j.error.ShapeException;

/**
 * The closed set of operations that every engine runs. Each has one result.
 *
 * <p>Engines implement {@link Visitor}, so that a new primitive breaks each of them at compile
 * time.
 */
public sealed interface Primitive extends Op {

  /** Type of the one result. */
  default TensorType type(List<TensorType> operands) {
    return accept(PrimitiveTypes.RULES, operands);
  }

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
        throw new ShapeException(
            "Constant of type " + type + " has " + Count.of(values.size(), "value"));
      }
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
    public <C, R> R accept(Visitor<C, R> visitor, C context) {
      return visitor.unary(this, context);
    }
  }

  /** A pointwise function of two operands of one element type, broadcast. */
  record Binary(BinaryFunction function) implements Primitive {
    @Override
    public <C, R> R accept(Visitor<C, R> visitor, C context) {
      return visitor.binary(this, context);
    }
  }

  /** {@code condition ? yes : no} pointwise, all three broadcast. */
  record Where() implements Primitive {
    @Override
    public <C, R> R accept(Visitor<C, R> visitor, C context) {
      return visitor.where(this, context);
    }
  }

  /** Conversion; floats to integers are cut towards zero, anything non-zero is true. */
  record Cast(DType to) implements Primitive {
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
    public <C, R> R accept(Visitor<C, R> visitor, C context) {
      return visitor.reduce(this, context);
    }
  }

  /** Exponentials over the last axis, normalised to sum 1. */
  record Softmax() implements Primitive {
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
    public <C, R> R accept(Visitor<C, R> visitor, C context) {
      return visitor.permute(this, context);
    }
  }

  /** Indices {@code from} (inclusive) to {@code to} (exclusive) of one axis. */
  record Slice(int axis, Dim from, Dim to) implements Primitive {
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
    public <C, R> R accept(Visitor<C, R> visitor, C context) {
      return visitor.concat(this, context);
    }
  }

  /** Rows of a table: {@code table[n, rest..], indices[shape..] -> [shape.., rest..]}. */
  record Gather() implements Primitive {
    @Override
    public <C, R> R accept(Visitor<C, R> visitor, C context) {
      return visitor.gather(this, context);
    }
  }

  /** Sums rows into zeros: {@code indices[shape..], updates[shape.., rest..] -> [rows, rest..]}. */
  record ScatterAdd(Dim rows) implements Primitive {
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
    public <C, R> R accept(Visitor<C, R> visitor, C context) {
      return visitor.update(this, context);
    }
  }
}
