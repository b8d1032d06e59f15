package org.attention4j.engine.onnx.lower;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.onnxformat.Attributes;
import org.attention4j.onnxformat.GraphBuilder;
import org.attention4j.onnxformat.proto.FunctionProto;
import org.attention4j.op.Attention;
import org.attention4j.op.AttentionCode;
import org.attention4j.op.Mask;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * Attention as nodes {@code Attention} in the domain {@code org.attention4j}, whose expansion is a
 * function in the model. The attribute {@code code} tells a kernel what the function tells
 * everybody else; see docs/onnx.md. Each combination of code and operand types has a function of
 * its own, told apart by overload; sizes that vary are symbols in it.
 */
final class AttentionFunctions {
  static final String DOMAIN = "org.attention4j";
  static final int VERSION = 1;
  private static final String NAME = "Attention";
  static final String CODE = "code";

  /** The first query's slot: an operand, and the symbol that stands for it. */
  private static final String START = "start";

  /** Largest head_dim of version 1 of the operator. */
  private static final int LARGEST_HEAD = 256;

  private final GraphBuilder graph;
  private final Sizes sizes;
  private final Lowering options;
  private final Map<Variant, FunctionProto> functions = new LinkedHashMap<>();

  /** What one function computes, with symbols of its own for the sizes that vary. */
  private record Variant(LaidOutAttention op, List<TensorType> operands) {}

  AttentionFunctions(GraphBuilder graph, Sizes sizes, Lowering options) {
    this.graph = graph;
    this.sizes = sizes;
    this.options = options;
  }

  /** Whether version 1 of the operator has such attention; other is written as primitives. */
  static boolean expresses(Attention op, List<TensorType> operands, DType precision) {
    boolean heads =
        List.of(operands.get(0), operands.get(2)).stream()
            .map(type -> type.dim(-1))
            .allMatch(size -> size.known() && size.size() >= 1 && size.size() <= LARGEST_HEAD);
    boolean extras =
        operands.stream().allMatch(type -> type.rank() <= 4)
            && operands.stream().skip(Attention.FIXED_OPERANDS).noneMatch(type -> given(type));
    return heads
        && extras
        && (precision == DType.F32 || precision == DType.F16)
        && op.dropout() == 0
        && !(op.mask() instanceof Mask.Given);
  }

  /** A floating type that does not become the precision of the file. */
  private static boolean given(TensorType type) {
    return type.dtype().isFloating() && type.dtype() != DType.F32;
  }

  /** The names of the results. */
  List<String> lower(LaidOutAttention op, List<String> names, List<TensorType> types) {
    Attention attention = op.of();
    List<String> operands = new ArrayList<>(names);
    if (AttentionCode.wantsStart(attention, op.ownTypes(types))) {
      operands.add(sizes.scalar(start(attention)));
    }
    List<String> results = new ArrayList<>(List.of(graph.fresh(NAME + "_output")));
    if (attention.logSumExp()) {
      results.add(graph.fresh(NAME + "_log_sum_exp"));
    }
    Variant variant = canonical(op, types);
    FunctionProto function = functions.get(variant);
    if (function == null) {
      function = function(variant, functions.isEmpty() ? "" : "" + (functions.size() + 1));
      functions.put(variant, function);
      graph.define(function, VERSION);
    }
    List<Long> code = AttentionCode.encode(attention, op.ownTypes(types), op.timeFirst());
    graph.call(function, operands, results, Attributes.integers(CODE, code));
    return results;
  }

  private static Dim start(Attention op) {
    Dim start = op.start();
    if (start == null) {
      throw new IllegalStateException("the start is an operand already");
    }
    return start;
  }

  /** The same with the function's own symbols, so that equal functions are written once. */
  private static Variant canonical(LaidOutAttention op, List<TensorType> types) {
    Map<Dim, Dim> symbols = new HashMap<>();
    List<TensorType> renamed = new ArrayList<>();
    for (TensorType type : types) {
      List<Dim> dims = new ArrayList<>();
      for (Dim dim : type.dims()) {
        dims.add(
            dim.known()
                ? dim
                : symbols.computeIfAbsent(dim, d -> Dim.symbol("size" + symbols.size())));
      }
      renamed.add(type.with(dims));
    }
    Attention a = op.of();
    Dim start = a.start();
    if (start != null && !start.known()) {
      List<TensorType> own = op.ownTypes(renamed);
      start =
          AttentionCode.wantsStart(a, op.ownTypes(types))
              ? Dim.symbol(START)
              : own.get(1).dim(2).minus(own.get(0).dim(2));
    }
    Attention same =
        new Attention(
            a.mask(),
            a.scale(),
            a.softcap(),
            start,
            a.alibiSlopes(),
            a.dropout(),
            a.dropoutSite(),
            a.extras(),
            a.logSumExp());
    return new Variant(new LaidOutAttention(same, op.timeFirst()), renamed);
  }

  private FunctionProto function(Variant variant, String overload) {
    Attention op = variant.op().of();
    List<String> names = new ArrayList<>(List.of("query", "key", "value"));
    for (int i = names.size(); i < variant.operands().size(); i++) {
      int extra = i - Attention.FIXED_OPERANDS;
      boolean bias = extra == op.extras().bias();
      names.add(bias ? "bias" : extra == op.extras().start() ? START : "mask" + extra);
    }
    Map<String, TensorType> inputs = new LinkedHashMap<>();
    for (int i = 0; i < names.size(); i++) {
      inputs.put(names.get(i), variant.operands().get(i));
    }
    Dim start = op.start();
    Map<Dim, String> given = new HashMap<>();
    if (start != null && start.equals(Dim.symbol(START))) {
      names.add(START);
      given.put(start, START);
    }
    Graph body = Graph.trace(new Body(variant.op(), inputs), inputs, TraceOptions.primitives());
    return GraphLowering.body(body, options, given)
        .function(DOMAIN, NAME, overload, names, List.of(CODE), GraphLowering.OPSET);
  }

  /** The op alone as a model. */
  private record Body(LaidOutAttention op, Map<String, TensorType> inputs) implements Model {
    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs given) {
      List<Tensor> operands = inputs.keySet().stream().map(given::get).toList();
      List<Tensor> results = Tensor.run(operands.get(0).executor(), op, operands);
      Map<String, Tensor> outputs = new LinkedHashMap<>();
      outputs.put("output", results.get(0));
      if (results.size() > 1) {
        outputs.put("log_sum_exp", results.get(1));
      }
      return outputs;
    }
  }
}
