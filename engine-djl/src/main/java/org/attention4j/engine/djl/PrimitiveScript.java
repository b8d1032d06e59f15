package org.attention4j.engine.djl;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Primitive;
import org.attention4j.tensor.TensorType;

/**
 * Each primitive as a TorchScript expression.
 *
 * <p>At a tie of max and min autograd shares the gradient, the primitives' rules give it to the
 * second operand; a differentiable method therefore spells them with {@code where}.
 */
final class PrimitiveScript implements Primitive.Visitor<ScriptCall, Term> {
  @Override
  public Term constant(Primitive.Constant op, ScriptCall call) {
    return call.writer().constant(op);
  }

  @Override
  public Term iota(Primitive.Iota op, ScriptCall call) {
    return Term.tensor(arange(call.writer(), op.length()));
  }

  @Override
  public Term dimValue(Primitive.DimValue op, ScriptCall call) {
    return Term.number(call.writer().size(op.dim()));
  }

  @Override
  public Term unary(Primitive.Unary op, ScriptCall call) {
    String x = call.tensor(0);
    return Term.tensor(
        switch (op.function()) {
          case NEG -> "torch.neg(" + x + ")";
          case EXP -> "torch.exp(" + x + ")";
          case LOG -> "torch.log(" + x + ")";
          case SQRT -> "torch.sqrt(" + x + ")";
          case RECIPROCAL -> "torch.reciprocal(" + x + ")";
          case TANH -> "torch.tanh(" + x + ")";
          case ERF -> "torch.erf(" + x + ")";
          case SIN -> "torch.sin(" + x + ")";
          case COS -> "torch.cos(" + x + ")";
          case ABS -> "torch.abs(" + x + ")";
          case FLOOR -> "torch.floor(" + x + ")";
          case NOT -> "torch.logical_not(" + x + ")";
          case STOP_GRADIENT -> "torch.detach(" + x + ")";
        });
  }

  @Override
  public Term binary(Primitive.Binary op, ScriptCall call) {
    return Term.tensor(
        switch (op.function()) {
          case ADD -> commutative("add", call);
          case MUL -> commutative("mul", call);
          case SUB ->
              call.isNumber(0) && !call.isNumber(1)
                  ? "torch.rsub(" + call.any(1) + ", " + call.any(0) + ")"
                  : pair("sub", call.tensor(0), call.any(1));
          case DIV ->
              call.result().dtype().isFloating()
                  ? pair("div", call.tensor(0), call.any(1))
                  : "torch.div("
                      + call.tensor(0)
                      + ", "
                      + call.any(1)
                      + ", rounding_mode=\"trunc\")";
          case MAX -> extremum("maximum", "le", call);
          case MIN -> extremum("minimum", "ge", call);
          case LT -> compare("lt", "gt", call);
          case LE -> compare("le", "ge", call);
          case EQ -> compare("eq", "eq", call);
          case AND -> pair("logical_and", call.tensor(0), call.tensor(1));
          case OR -> pair("logical_or", call.tensor(0), call.tensor(1));
        });
  }

  private static String pair(String function, String a, String b) {
    return "torch." + function + "(" + a + ", " + b + ")";
  }

  private static String commutative(String function, ScriptCall call) {
    return call.isNumber(0)
        ? pair(function, call.tensor(1), call.any(0))
        : pair(function, call.any(0), call.any(1));
  }

  private static String compare(String function, String mirrored, ScriptCall call) {
    return call.isNumber(0)
        ? pair(mirrored, call.tensor(1), call.any(0))
        : pair(function, call.any(0), call.any(1));
  }

  /** The gradient at a tie belongs to the second operand. */
  private static String extremum(String function, String secondWins, ScriptCall call) {
    String a = call.tensor(0);
    if (!call.writer().differentiable() || !call.result().dtype().isFloating()) {
      return pair(function, a, call.tensor(1));
    }
    return "torch.where(" + pair(secondWins, a, call.any(1)) + ", " + call.any(1) + ", " + a + ")";
  }

  @Override
  public Term where(Primitive.Where op, ScriptCall call) {
    boolean bothNumbers = call.isNumber(1) && call.isNumber(2);
    String yes = bothNumbers ? call.tensor(1) : call.any(1);
    return Term.tensor("torch.where(" + call.tensor(0) + ", " + yes + ", " + call.any(2) + ")");
  }

  @Override
  public Term cast(Primitive.Cast op, ScriptCall call) {
    int target = call.writer().code(op.to());
    DType from = call.type(0).dtype();
    if (call.isNumber(0) && op.to().isFloating() && from.isInteger()) {
      return Term.number("float(" + call.any(0) + ")");
    }
    return target == call.writer().code(from)
        ? call.operands().get(0)
        : Term.tensor("torch.to(" + call.tensor(0) + ", " + target + ")");
  }

  @Override
  public Term matMul(Primitive.MatMul op, ScriptCall call) {
    String a = call.factor(0);
    String b = call.factor(1);
    if (op.transposeB() && call.type(1).rank() == 2) {
      return Term.tensor(call.product(pair("linear", a, b)));
    }
    String right = op.transposeB() ? "torch.transpose(" + b + ", -2, -1)" : b;
    return Term.tensor(call.product(pair("matmul", a, right)));
  }

  @Override
  public Term reduce(Primitive.Reduce op, ScriptCall call) {
    if (op.axes().isEmpty()) {
      return call.operands().get(0); // PyTorch would take an empty list for all axes
    }
    String axes = op.axes().toString();
    if (op.function() == Primitive.Reduction.SUM) {
      int code = call.writer().code(call.result().dtype());
      return Term.tensor(
          "torch.sum(" + call.tensor(0) + ", " + axes + ", True, dtype=" + code + ")");
    }
    return Term.tensor("torch.amax(" + neverEmpty(op, call) + ", " + axes + ", True)");
  }

  /**
   * PyTorch has no maximum of nothing; along an axis that may be empty, -infinity is added then.
   */
  private static String neverEmpty(Primitive.Reduce op, ScriptCall call) {
    String x = call.tensor(0);
    TensorType type = call.type(0);
    if (!type.dtype().isFloating()) {
      return x;
    }
    for (int axis : op.axes()) {
      Dim size = type.dim(axis);
      if (!size.known() || size.is(0)) {
        String name = call.writer().name("e", x);
        String pads = pads(type, axis, Dim.of(0), Dim.of(1), call);
        String padded = "torch.constant_pad_nd(" + name + ", " + pads + ", float(\"-inf\"))";
        String empty = call.writer().size(size) + " == 0";
        x = call.writer().name("e", padded + " if " + empty + " else " + name);
      }
    }
    return x;
  }

  /** Padding along one axis, as PyTorch wants it: pairs from the last axis on. */
  private static String pads(TensorType type, int axis, Dim before, Dim after, ScriptCall call) {
    int behind = type.rank() - 1 - axis;
    List<Dim> pads = new ArrayList<>(Collections.nCopies(2 * behind, Dim.of(0)));
    pads.add(before);
    pads.add(after);
    return call.writer().sizes(pads);
  }

  @Override
  public Term softmax(Primitive.Softmax op, ScriptCall call) {
    return Term.tensor("torch.softmax(" + call.tensor(0) + ", -1)");
  }

  @Override
  public Term reshape(Primitive.Reshape op, ScriptCall call) {
    return Term.tensor(pair("reshape", call.tensor(0), call.writer().sizes(op.to())));
  }

  @Override
  public Term expand(Primitive.Expand op, ScriptCall call) {
    return Term.tensor(pair("expand", call.tensor(0), call.writer().sizes(op.to())));
  }

  @Override
  public Term permute(Primitive.Permute op, ScriptCall call) {
    return Term.tensor(pair("permute", call.tensor(0), op.axes().toString()));
  }

  @Override
  public Term slice(Primitive.Slice op, ScriptCall call) {
    // narrow fails where slice would silently cut at the end of the axis
    return Term.tensor(
        "torch.narrow("
            + call.tensor(0)
            + ", "
            + op.axis()
            + ", "
            + call.writer().size(op.from())
            + ", "
            + call.writer().size(op.to().minus(op.from()))
            + ")");
  }

  @Override
  public Term pad(Primitive.Pad op, ScriptCall call) {
    String pads = pads(call.type(0), op.axis(), op.before(), op.after(), call);
    return Term.tensor("torch.constant_pad_nd(" + call.tensor(0) + ", " + pads + ", 0)");
  }

  @Override
  public Term concat(Primitive.Concat op, ScriptCall call) {
    String parts =
        IntStream.range(0, call.count())
            .mapToObj(call::tensor)
            .collect(Collectors.joining(", ", "[", "]"));
    return Term.tensor(pair("cat", parts, Integer.toString(op.axis())));
  }

  @Override
  public Term gather(Primitive.Gather op, ScriptCall call) {
    String table = call.tensor(0);
    String indices = call.tensor(1);
    if (call.type(0).rank() == 2 && call.type(0).dtype().isFloating()) {
      return Term.tensor(pair("embedding", table, indices));
    }
    String flat = pair("reshape", indices, list(call, call.type(1).count()));
    String rows = "torch.index_select(" + table + ", 0, " + flat + ")";
    return Term.tensor(pair("reshape", rows, call.writer().sizes(call.result().dims())));
  }

  @Override
  public Term scatterAdd(Primitive.ScatterAdd op, ScriptCall call) {
    TensorType result = call.result();
    Dim count = call.type(0).count();
    boolean table = result.rank() == 2 && result.dtype().isFloating();
    if (table && !count.is(0)) { // in parallel, index_add is not; of no rows it has no derivative
      return Term.tensor(
          "torch.embedding_dense_backward("
              + call.tensor(1)
              + ", "
              + call.tensor(0)
              + ", "
              + call.writer().size(result.dim(0))
              + ", -1, False)");
    }
    List<Dim> rows = new ArrayList<>(result.dims());
    rows.set(0, count);
    return Term.tensor(
        "torch.index_add("
            + zeros(call)
            + ", 0, "
            + pair("reshape", call.tensor(0), list(call, count))
            + ", "
            + pair("reshape", call.tensor(1), call.writer().sizes(rows))
            + ")");
  }

  @Override
  public Term gatherAlong(Primitive.GatherAlong op, ScriptCall call) {
    return Term.tensor(
        "torch.gather(" + call.tensor(0) + ", " + op.axis() + ", " + call.tensor(1) + ")");
  }

  @Override
  public Term scatterAlong(Primitive.ScatterAlong op, ScriptCall call) {
    return Term.tensor(
        "torch.scatter_add("
            + zeros(call)
            + ", "
            + op.axis()
            + ", "
            + call.tensor(0)
            + ", "
            + call.tensor(1)
            + ")");
  }

  @Override
  public Term topK(Primitive.TopK op, ScriptCall call) {
    // torch.topk leaves the order of equal values open
    String sorted = "torch.argsort(" + call.tensor(0) + ", stable=True, dim=-1, descending=True)";
    return Term.tensor("torch.narrow(" + sorted + ", -1, 0, " + op.k() + ")");
  }

  @Override
  public Term update(Primitive.Update op, ScriptCall call) {
    String fresh = arange(call.writer(), call.type(1).dim(op.axis()));
    return Term.tensor(
        "torch.index_copy("
            + call.tensor(0)
            + ", "
            + op.axis()
            + ", "
            + pair("add", fresh, call.any(2))
            + ", "
            + call.tensor(1)
            + ")");
  }

  private static String arange(ScriptWriter writer, Dim length) {
    return "torch.arange(" + writer.size(length) + ", " + writer.created(DType.I64) + ")";
  }

  private static String zeros(ScriptCall call) {
    TensorType type = call.result();
    ScriptWriter writer = call.writer();
    return "torch.zeros(" + writer.sizes(type.dims()) + ", " + writer.created(type.dtype()) + ")";
  }

  private static String list(ScriptCall call, Dim size) {
    return "[" + call.writer().size(size) + "]";
  }
}
