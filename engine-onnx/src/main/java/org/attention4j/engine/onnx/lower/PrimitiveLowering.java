package org.attention4j.engine.onnx.lower;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.attention4j.error.EngineException;
import org.attention4j.onnxformat.Attributes;
import org.attention4j.onnxformat.ElementTypes;
import org.attention4j.onnxformat.GraphBuilder;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Primitive;
import org.attention4j.tensor.TensorType;

/**
 * One lowering for each primitive; each returns the name of the result.
 *
 * <p>The forms were chosen for what runs everywhere: no {@code Reshape} with -1 (see {@link
 * Reshapes}), no {@code TopK} on an empty tensor, no {@code ScatterND} with a reduction.
 */
final class PrimitiveLowering implements Primitive.Visitor<Operands, String> {
  private final GraphBuilder graph;
  private final Literals literals;
  private final Sizes sizes;
  private final Reshapes reshapes;
  private final Products products;
  private final Scatters scatters;
  private final Lowering options;

  PrimitiveLowering(
      GraphBuilder graph,
      Literals literals,
      Sizes sizes,
      Reshapes reshapes,
      Products products,
      Lowering options) {
    this.graph = graph;
    this.literals = literals;
    this.sizes = sizes;
    this.reshapes = reshapes;
    this.products = products;
    this.scatters = new Scatters(graph, literals, sizes, reshapes);
    this.options = options;
  }

  @Override
  public String constant(Primitive.Constant op, Operands in) {
    TensorType type = op.type();
    List<Long> shape = type.dims().stream().map(Dim::longSize).toList();
    return literals.of(options.real(type.dtype()), shape, op.values());
  }

  @Override
  public String iota(Primitive.Iota op, Operands in) {
    return range(op.length());
  }

  private String range(Dim length) {
    return graph.node(
        "Range", List.of(literals.integer(0), sizes.scalar(length), literals.integer(1)));
  }

  @Override
  public String dimValue(Primitive.DimValue op, Operands in) {
    return sizes.scalar(op.dim());
  }

  @Override
  public String unary(Primitive.Unary op, Operands in) {
    return switch (op.function()) {
      case NEG -> graph.node("Neg", in.names());
      case EXP -> graph.node("Exp", in.names());
      case LOG -> graph.node("Log", in.names());
      case SQRT -> graph.node("Sqrt", in.names());
      case RECIPROCAL -> graph.node("Reciprocal", in.names());
      case TANH -> graph.node("Tanh", in.names());
      case ERF -> {
        if (options.real(in.type(0).dtype()) == DType.F64) {
          throw new EngineException(
              "ONNX Runtime has no Erf for f64; export this model in f32 or with another"
                  + " activation");
        }
        yield graph.node("Erf", in.names());
      }
      case SIN -> graph.node("Sin", in.names());
      case COS -> cos(in);
      case ABS -> graph.node("Abs", in.names());
      case FLOOR -> graph.node("Floor", in.names());
      case NOT -> graph.node("Not", in.names());
      case STOP_GRADIENT -> in.name(0); // gradients have been taken before the export
    };
  }

  /** ONNX Runtime before 1.29 has sines of f64, but no cosines. */
  private String cos(Operands in) {
    DType type = options.real(in.type(0).dtype());
    if (type != DType.F64) {
      return graph.node("Cos", in.names());
    }
    String ahead = graph.node("Add", List.of(in.name(0), literals.scalar(type, Math.PI / 2)));
    return graph.node("Sin", List.of(ahead));
  }

  @Override
  public String binary(Primitive.Binary op, Operands in) {
    String type =
        switch (op.function()) {
          case ADD -> "Add";
          case SUB -> "Sub";
          case MUL -> "Mul";
          case DIV -> "Div";
          case MAX -> "Max";
          case MIN -> "Min";
          case LT -> "Less";
          case LE -> "LessOrEqual";
          case EQ -> "Equal";
          case AND -> "And";
          case OR -> "Or";
        };
    return graph.node(type, in.names());
  }

  @Override
  public String where(Primitive.Where op, Operands in) {
    if (in.result().dtype() == DType.BOOL) { // not in ONNX Runtime's Where
      String no = graph.node("Not", List.of(in.name(0)));
      String first = graph.node("And", List.of(in.name(0), in.name(1)));
      String second = graph.node("And", List.of(no, in.name(2)));
      return graph.node("Or", List.of(first, second));
    }
    return graph.node("Where", in.names());
  }

  @Override
  public String cast(Primitive.Cast op, Operands in) {
    DType from = options.real(in.type(0).dtype());
    DType to = options.real(op.to());
    return from == to ? in.name(0) : cast(in.name(0), to);
  }

  private String cast(String value, DType to) {
    return graph.node("Cast", List.of(value), Attributes.integer("to", ElementTypes.code(to)));
  }

  @Override
  public String matMul(Primitive.MatMul op, Operands in) {
    return products.product(op.transposeB(), in);
  }

  @Override
  public String reduce(Primitive.Reduce op, Operands in) {
    if (op.axes().isEmpty()) {
      return in.name(0); // ONNX would reduce all axes
    }
    return switch (op.function()) {
      case SUM -> {
        String axes = literals.vector(op.axes().stream().map(Integer::longValue).toList());
        yield graph.node("ReduceSum", List.of(in.name(0), axes));
      }
      case MAX -> literals.reduced("ReduceMax", in.name(0), op.axes(), options.opset());
    };
  }

  @Override
  public String softmax(Primitive.Softmax op, Operands in) {
    return graph.node("Softmax", in.names(), Attributes.integer("axis", -1));
  }

  @Override
  public String reshape(Primitive.Reshape op, Operands in) {
    return reshapes.reshape(in.name(0), in.type(0).dims(), op.to());
  }

  @Override
  public String expand(Primitive.Expand op, Operands in) {
    return graph.node("Expand", List.of(in.name(0), sizes.shape(op.to())));
  }

  @Override
  public String permute(Primitive.Permute op, Operands in) {
    return graph.node("Transpose", in.names(), Attributes.integers("perm", op.axes()));
  }

  @Override
  public String slice(Primitive.Slice op, Operands in) {
    return slice(in.name(0), op.axis(), sizes.vector(op.from()), sizes.vector(op.to()));
  }

  private String slice(String value, int axis, String from, String to) {
    return graph.node("Slice", List.of(value, from, to, literals.vector(axis)));
  }

  @Override
  public String pad(Primitive.Pad op, Operands in) {
    int rank = in.result().rank();
    List<Dim> pads = new ArrayList<>(Collections.nCopies(2 * rank, Dim.of(0)));
    pads.set(op.axis(), op.before());
    pads.set(rank + op.axis(), op.after());
    return graph.node("Pad", List.of(in.name(0), sizes.shape(pads)));
  }

  @Override
  public String concat(Primitive.Concat op, Operands in) {
    return graph.node("Concat", in.names(), Attributes.integer("axis", op.axis()));
  }

  @Override
  public String gather(Primitive.Gather op, Operands in) {
    return graph.node("Gather", in.names(), Attributes.integer("axis", 0));
  }

  @Override
  public String scatterAdd(Primitive.ScatterAdd op, Operands in) {
    return scatters.rows(op, in, options.real(in.result().dtype()));
  }

  @Override
  public String gatherAlong(Primitive.GatherAlong op, Operands in) {
    return graph.node("GatherElements", in.names(), Attributes.integer("axis", op.axis()));
  }

  @Override
  public String scatterAlong(Primitive.ScatterAlong op, Operands in) {
    return scatters.along(op, in, options.real(in.result().dtype()));
  }

  /**
   * ONNX Runtime (1.28, 1.29) divides by zero in TopK when another axis is empty, which ends the
   * process. So unless every size is known, the rows are flattened and one row of zeros stands
   * behind them.
   */
  @Override
  public String topK(Primitive.TopK op, Operands in) {
    TensorType type = in.type(0);
    List<Dim> lead = type.dims().subList(0, type.rank() - 1);
    if (lead.stream().allMatch(dim -> dim.known() && !dim.is(0))) {
      return largest(in.name(0), op.k());
    }
    Dim width = type.dim(-1);
    Dim rows = new TensorType(type.dtype(), lead).count();
    String flat = reshapes.reshape(in.name(0), type.dims(), List.of(rows, width));
    String zero = literals.scalar(options.real(type.dtype()), 0);
    String spare = graph.node("Expand", List.of(zero, sizes.shape(List.of(Dim.of(1), width))));
    String padded = graph.node("Concat", List.of(flat, spare), Attributes.integer("axis", 0));
    String indices = largest(padded, op.k()); // [rows + 1, k]
    String wanted = slice(indices, 0, literals.vector(0L), sizes.vector(rows));
    return reshapes.reshape(wanted, List.of(rows, Dim.of(op.k())), in.result().dims());
  }

  private String largest(String value, int k) {
    String indices = graph.fresh("TopK_indices");
    graph.node(
        "TopK",
        List.of(value, literals.vector((long) k)),
        List.of(graph.fresh("TopK_values"), indices),
        Attributes.integer("axis", -1));
    return indices;
  }

  @Override
  public String update(Primitive.Update op, Operands in) {
    // the buffer before start, the fresh values, the buffer after them
    String start = graph.node("Unsqueeze", List.of(in.name(2), literals.vector(0L)));
    String end = graph.node("Add", List.of(start, sizes.vector(in.type(1).dim(op.axis()))));
    String before = slice(in.name(0), op.axis(), literals.vector(0L), start);
    String after = slice(in.name(0), op.axis(), end, sizes.vector(in.type(0).dim(op.axis())));
    return graph.node(
        "Concat", List.of(before, in.name(1), after), Attributes.integer("axis", op.axis()));
  }
}
