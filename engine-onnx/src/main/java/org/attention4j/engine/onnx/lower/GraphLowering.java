package org.attention4j.engine.onnx.lower;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiPredicate;
import org.attention4j.error.EngineException;
import org.attention4j.error.OperandException;
import org.attention4j.graph.Graph;
import org.attention4j.onnxformat.GraphBuilder;
import org.attention4j.onnxformat.OnnxModel;
import org.attention4j.op.Attention;
import org.attention4j.spi.AttentionForm;
import org.attention4j.spi.Parameters;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Op;
import org.attention4j.tensor.Primitive;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;

/**
 * Writes a graph of primitives and claimed composites as an ONNX model: opset 17, format version 8,
 * which every runtime since 2022 reads; opset 23, format version 11 if attention is to be the
 * standard's own operator.
 */
public final class GraphLowering {
  /** Version of the default operator set, unless attention is written as the standard's. */
  public static final int OPSET = 17;

  /** Version of the file format. */
  public static final int IR_VERSION = 8;

  private final Graph source;
  private final Lowering options;
  private final GraphBuilder target;
  private final String[] names;
  private final PrimitiveLowering primitives;
  private final CompositeLowering composites;
  private final AttentionFunctions attention;
  private final CachedAttentionLowering cached;
  private final GroupedQueryLowering grouped;
  private final StoredWeights stored;

  private GraphLowering(Graph source, Lowering options, Map<Dim, String> given) {
    this.source = source;
    this.options = options;
    this.target =
        new GraphBuilder(
            options.name(), symbol -> options.axisNames().getOrDefault(symbol, symbol));
    this.names = new String[source.types().size()];
    Literals literals = new Literals(target);
    Sizes sizes = new Sizes(target, literals, source.inputTypes());
    given.forEach(sizes::give);
    Reshapes reshapes = new Reshapes(target, literals, sizes);
    Products products = new Products(target, reshapes);
    primitives = new PrimitiveLowering(target, literals, sizes, reshapes, products, options);
    composites = new CompositeLowering(target, literals, products, options);
    attention = new AttentionFunctions(target, sizes, options);
    cached = new CachedAttentionLowering(target);
    grouped = new GroupedQueryLowering(target, literals, sizes, reshapes, options);
    stored = new StoredWeights(target, options.widening());
  }

  /** Whether a composite should stay whole in a trace that is written in a precision. */
  public static BiPredicate<Composite, List<TensorType>> claims(DType precision) {
    return claims(precision, AttentionForm.PRIMITIVES);
  }

  /** The same, with attention in a form. */
  public static BiPredicate<Composite, List<TensorType>> claims(
      DType precision, AttentionForm form) {
    return (op, operands) ->
        CompositeLowering.claims(op, precision)
            || (op instanceof Attention whole && keeps(form, whole, operands, precision));
  }

  private static boolean keeps(
      AttentionForm form, Attention op, List<TensorType> operands, DType precision) {
    // what turns out to have no cache is written as a function
    return switch (form) {
      case FUNCTION -> AttentionFunctions.expresses(op, operands, precision);
      case GQA ->
          GroupedQuery.expresses(op, operands, precision)
              && AttentionFunctions.expresses(op, operands, precision);
      case OPSET23 -> true; // what turns out not to be in the standard is expanded then
      case PRIMITIVES -> false;
    };
  }

  /**
   * Lowers a graph with its weights. The model shares the memory of weights that have the export's
   * precision already.
   *
   * @throws org.attention4j.error.WeightsException if parameters are missing or of another shape
   * @throws OperandException with the block's path, if sizes cannot be computed
   * @throws EngineException with the block's path, if ONNX Runtime has no such operator
   */
  public static OnnxModel lower(Graph graph, Weights weights, Lowering options) {
    Graph joined =
        switch (options.attention()) {
          case GQA -> CachedAttentionFold.fold(graph, options);
          case OPSET23 -> StandardAttentionFold.fold(graph, options.precision());
          case FUNCTION ->
              options.cache() == null ? graph : CachedAttentionFold.fold(graph, options);
          case PRIMITIVES -> graph;
        };
    GraphLowering lowering = new GraphLowering(AttentionLayouts.fold(joined), options, Map.of());
    lowering.all(weights);
    return lowering.target.build(
        options.opset(), options.irVersion(), "", new TreeMap<>(options.metadata()));
  }

  /**
   * A graph without parameters, to become a function.
   *
   * @param given sizes that are values of i64 scalars by these names
   */
  static GraphBuilder body(Graph graph, Lowering options, Map<Dim, String> given) {
    GraphLowering lowering = new GraphLowering(graph, options, given);
    given.values().forEach(lowering.target::reserve);
    lowering.all(Weights.empty());
    return lowering.target;
  }

  private void all(Weights weights) {
    inputs();
    parameters(weights);
    source.nodes().forEach(this::node);
    outputs();
  }

  private void inputs() {
    source
        .inputs()
        .forEach(
            (name, value) -> {
              target.input(name, real(name, source.type(value)));
              names[value] = name;
            });
  }

  private void parameters(Weights weights) {
    Parameters.check(source, weights);
    source
        .parameters()
        .forEach(
            (path, parameter) -> {
              DType dtype = options.real(source.type(parameter.value()).dtype());
              stored.add(path, weights.get(path), dtype);
              names[parameter.value()] = path;
            });
  }

  private void node(Graph.Node node) {
    target.scope(node.path());
    Operands operands =
        new Operands(
            operandNames(node), source.operandTypes(node), source.type(node.results().get(0)));
    try {
      List<String> results = lower(node.op(), operands);
      for (int i = 0; i < results.size(); i++) {
        names[node.results().get(i)] = results.get(i);
      }
    } catch (OperandException e) {
      throw e.at(node.path());
    } catch (EngineException e) {
      throw new EngineException("at " + node.path() + ": " + e.getMessage(), e);
    }
  }

  private List<String> operandNames(Graph.Node node) {
    boolean rows = node.op() instanceof Primitive.Gather;
    List<String> operands = new ArrayList<>();
    for (int value : node.operands()) {
      boolean table = rows && operands.isEmpty();
      operands.add(table ? names[value] : stored.wide(names[value]));
    }
    return operands;
  }

  private List<String> lower(Op op, Operands operands) {
    if (op instanceof Primitive.Gather gather) {
      return List.of(stored.widenedLike(operands.name(0), primitives.gather(gather, operands)));
    }
    if (op instanceof Primitive primitive) {
      return List.of(primitive.accept(primitives, operands));
    }
    if (op instanceof LaidOutAttention laidOut) {
      return attention.lower(laidOut, operands.names(), operands.types());
    }
    if (op instanceof SkipNormalization norm) {
      return norm.lower(target, operands);
    }
    if (op instanceof CachedAttention query) {
      return options.cache() != null
          ? cached.lower(query, operands)
          : grouped.lower(query, operands);
    }
    return List.of(composites.lower((Composite) op, operands));
  }

  private void outputs() {
    target.scope("");
    source
        .outputs()
        .forEach(
            (name, value) ->
                target.output(
                    outputName(source, name),
                    stored.wide(names[value]),
                    real(name, source.type(value))));
  }

  /**
   * What an output is called in ONNX, where inputs, parameters and outputs share one space of
   * names: its own name unless an input or a parameter has it.
   */
  public static String outputName(Graph graph, String name) {
    String result = name;
    while (graph.inputs().containsKey(result)
        || graph.parameters().containsKey(result)
        || (!result.equals(name) && graph.outputs().containsKey(result))) {
      result += ".output";
    }
    return result;
  }

  private TensorType real(String name, TensorType type) {
    return options.real(name, type);
  }
}
