package org.attention4j.op;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.attention4j.tensor.Dim;
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
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * One vector-Jacobian product for each primitive: the cotangents of its operands, null for none.
 */
final class Vjp implements Primitive.Visitor<Vjp.Call, List<@Nullable Tensor>> {
  private static final Vjp RULES = new Vjp();

  /** Operands, result, and the result's cotangent {@code d}. */
  record Call(List<Tensor> in, Tensor y, Tensor d) {
    Tensor a() {
      return in.get(0);
    }

    Tensor b() {
      return in.get(1);
    }
  }

  static List<@Nullable Tensor> of(Primitive op, List<Tensor> operands, Tensor result, Tensor d) {
    return op.accept(RULES, new Call(operands, result, d));
  }

  private static List<@Nullable Tensor> each(@Nullable Tensor... cotangents) {
    return Arrays.asList(cotangents);
  }

  private static List<@Nullable Tensor> none(Call c) {
    return new ArrayList<>(Collections.nCopies(c.in.size(), null));
  }

  @Override
  public List<@Nullable Tensor> constant(Constant op, Call c) {
    return none(c);
  }

  @Override
  public List<@Nullable Tensor> iota(Iota op, Call c) {
    return none(c);
  }

  @Override
  public List<@Nullable Tensor> dimValue(DimValue op, Call c) {
    return none(c);
  }

  @Override
  public List<@Nullable Tensor> unary(Unary op, Call c) {
    Tensor a = c.a();
    Tensor y = c.y;
    Tensor d = c.d;
    return switch (op.function()) {
      case NEG -> each(d.neg());
      case EXP -> each(d.mul(y));
      case LOG -> each(d.div(a));
      case SQRT -> each(d.mul(0.5).div(y));
      case RECIPROCAL -> each(d.mul(y).mul(y).neg());
      case TANH -> each(d.mul(y.mul(y).neg().add(1)));
      case ERF -> each(d.mul(a.mul(a).neg().exp().mul(2 / Math.sqrt(Math.PI))));
      case SIN -> each(d.mul(a.cos()));
      case COS -> each(d.mul(a.sin()).neg());
      case ABS -> {
        Tensor positive = a.scalar(0).lt(a).where(d, d.scalar(0));
        yield each(a.lt(0).where(d.neg(), positive));
      }
      case FLOOR, NOT, STOP_GRADIENT -> none(c);
    };
  }

  @Override
  public List<@Nullable Tensor> binary(Binary op, Call c) {
    Tensor a = c.a();
    Tensor b = c.b();
    Tensor d = c.d;
    List<Dim> da = a.type().dims();
    List<Dim> db = b.type().dims();
    if (!a.dtype().isFloating()) {
      return none(c);
    }
    return switch (op.function()) {
      case ADD -> each(d.sumTo(da), d.sumTo(db));
      case SUB -> each(d.sumTo(da), d.neg().sumTo(db));
      case MUL -> each(d.mul(b).sumTo(da), d.mul(a).sumTo(db));
      case DIV -> each(d.div(b).sumTo(da), d.mul(c.y).div(b).neg().sumTo(db));
      case MAX -> pick(b.lt(a), c);
      case MIN -> pick(a.lt(b), c);
      case LT, LE, EQ, AND, OR -> none(c);
    };
  }

  /** The cotangent goes to the first operand where {@code first}, else to the second. */
  private static List<@Nullable Tensor> pick(Tensor first, Call c) {
    Tensor zero = c.d.scalar(0);
    return each(
        first.where(c.d, zero).sumTo(c.a().type().dims()),
        first.where(zero, c.d).sumTo(c.b().type().dims()));
  }

  @Override
  public List<@Nullable Tensor> where(Where op, Call c) {
    Tensor zero = c.d.scalar(0);
    return each(
        null,
        c.a().where(c.d, zero).sumTo(c.b().type().dims()),
        c.a().where(zero, c.d).sumTo(c.in.get(2).type().dims()));
  }

  @Override
  public List<@Nullable Tensor> cast(Cast op, Call c) {
    boolean passes = op.to().isFloating() && c.a().dtype().isFloating();
    return each(passes ? c.d.cast(c.a().dtype()) : null);
  }

  @Override
  public List<@Nullable Tensor> matMul(MatMul op, Call c) {
    Tensor a = c.a();
    Tensor b = c.b();
    Tensor d = c.d;
    Tensor da = op.transposeB() ? d.matmul(b) : d.matmulTransposed(b);
    if (b.rank() == 2 && a.rank() > 2) { // one product over all rows, not a sum of many
      a = a.merge(0, a.rank() - 1); // [rows, k]
      d = d.merge(0, d.rank() - 1); // [rows, n]
    }
    Tensor db = op.transposeB() ? d.transpose().matmul(a) : a.transpose().matmul(d);
    return each(da.sumTo(c.a().type().dims()), db.sumTo(b.type().dims()));
  }

  @Override
  public List<@Nullable Tensor> reduce(Reduce op, Call c) {
    Tensor a = c.a();
    if (op.function() == Reduction.SUM) {
      return each(c.d.expand(a.type().dims()));
    }
    Tensor most = a.eq(c.y).cast(c.d.dtype()); // equal maxima share
    Tensor count = most.apply(new Reduce(Reduction.SUM, op.axes()));
    return each(most.mul(c.d.div(count)));
  }

  @Override
  public List<@Nullable Tensor> softmax(Softmax op, Call c) {
    Tensor inner = c.d.mul(c.y).sum(-1);
    return each(c.y.mul(c.d.sub(inner)));
  }

  @Override
  public List<@Nullable Tensor> reshape(Reshape op, Call c) {
    return each(c.d.reshape(c.a().type().dims()));
  }

  @Override
  public List<@Nullable Tensor> expand(Expand op, Call c) {
    return each(c.d.sumTo(c.a().type().dims()));
  }

  @Override
  public List<@Nullable Tensor> permute(Permute op, Call c) {
    Integer[] inverse = new Integer[op.axes().size()];
    for (int i = 0; i < inverse.length; i++) {
      inverse[op.axes().get(i)] = i;
    }
    return each(c.d.permute(inverse));
  }

  @Override
  public List<@Nullable Tensor> slice(Slice op, Call c) {
    return each(c.d.pad(op.axis(), op.from(), c.a().dim(op.axis()).minus(op.to())));
  }

  @Override
  public List<@Nullable Tensor> pad(Pad op, Call c) {
    return each(c.d.slice(op.axis(), op.before(), op.before().plus(c.a().dim(op.axis()))));
  }

  @Override
  public List<@Nullable Tensor> concat(Concat op, Call c) {
    List<@Nullable Tensor> parts = new ArrayList<>();
    Dim from = Dim.of(0);
    for (Tensor operand : c.in) {
      Dim to = from.plus(operand.dim(op.axis()));
      parts.add(c.d.slice(op.axis(), from, to));
      from = to;
    }
    return parts;
  }

  @Override
  public List<@Nullable Tensor> gather(Gather op, Call c) {
    return each(c.b().apply(new ScatterAdd(c.a().dim(0)), c.d), null);
  }

  @Override
  public List<@Nullable Tensor> scatterAdd(ScatterAdd op, Call c) {
    return each(null, c.d.take(c.a()));
  }

  @Override
  public List<@Nullable Tensor> gatherAlong(GatherAlong op, Call c) {
    return each(c.b().apply(new ScatterAlong(op.axis(), c.a().dim(op.axis())), c.d), null);
  }

  @Override
  public List<@Nullable Tensor> scatterAlong(ScatterAlong op, Call c) {
    return each(null, c.d.takeAlong(op.axis(), c.a()));
  }

  @Override
  public List<@Nullable Tensor> topK(TopK op, Call c) {
    return none(c);
  }

  /** The buffer keeps its cotangent off the written range, which goes to the fresh values. */
  @Override
  public List<@Nullable Tensor> update(Update op, Call c) {
    int axis = op.axis();
    Tensor fresh = c.b();
    Tensor start = c.in.get(2);
    Dim length = fresh.dim(axis);
    Tensor kept = c.d.apply(new Update(axis), Tape.zeros(fresh), start);
    Tensor rows = start.iota(length).add(start); // [length]
    List<Dim> column = new ArrayList<>(Collections.nCopies(fresh.rank(), Dim.of(1)));
    column.set(axis, length);
    Tensor at = rows.reshape(column).expand(fresh.type().dims());
    return each(kept, c.d.takeAlong(axis, at), null);
  }
}
