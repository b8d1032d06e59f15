package org.attention4j.engine.onnx.lower;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.attention4j.graph.CacheMode;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.op.Attention;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * Puts {@link StandardAttention} in the place of attention, and its expansion where the standard
 * has no such attention. Layers share their masks.
 */
public final class StandardAttentionFold {
  /** Sizes that an attention mentions are the axes of an input of this name. */
  private static final String SIZES = "sizes";

  private static final TraceOptions TRACE =
      TraceOptions.primitives()
          .withCache(CacheMode.STEP) // sizes stay as they are
          .keeping((op, operands) -> op instanceof StandardAttention);

  private final Graph graph;
  private final DType precision;
  private final List<TensorType> types;
  private final List<Graph.Node> nodes = new ArrayList<>();
  private final Map<Shared, Map<String, Integer>> masks = new HashMap<>();

  /** What decides about a mask. */
  private record Shared(Attention op, List<TensorType> types, List<Integer> extras) {}

  private StandardAttentionFold(Graph graph, DType precision) {
    this.graph = graph;
    this.precision = precision;
    this.types = new ArrayList<>(graph.types());
  }

  /** The graph without {@link Attention}. */
  static Graph fold(Graph graph, DType precision) {
    StandardAttentionFold fold = new StandardAttentionFold(graph, precision);
    graph.nodes().forEach(fold::add);
    return new Graph(graph.inputs(), graph.parameters(), fold.nodes, graph.outputs(), fold.types)
        .pruned();
  }

  /** How much of a graph's attention becomes nodes, for people. */
  public static String count(Graph graph, DType precision) {
    int whole = 0;
    Map<String, Integer> primitives = new LinkedHashMap<>();
    for (Graph.Node node : graph.nodes()) {
      if (node.op() instanceof Attention op) {
        String why = StandardAttention.obstacle(op, graph.operandTypes(node), precision);
        if (why.isEmpty()) {
          whole++;
        } else {
          primitives.merge(why, 1, Integer::sum);
        }
      }
    }
    int rest = primitives.values().stream().mapToInt(n -> n).sum();
    StringBuilder text = new StringBuilder();
    text.append(whole).append(" as nodes Attention, ").append(rest).append(" as primitives");
    primitives.forEach((why, n) -> text.append("; ").append(n).append(": ").append(why));
    return text.toString();
  }

  private void add(Graph.Node node) {
    if (!(node.op() instanceof Attention op)) {
      nodes.add(node);
      return;
    }
    List<TensorType> operands = graph.operandTypes(node);
    boolean standard = StandardAttention.obstacle(op, operands, precision).isEmpty();
    List<Integer> values = new ArrayList<>(node.operands());
    if (standard) {
      values.subList(Attention.FIXED_OPERANDS, values.size()).clear();
      if (!StandardAttention.needsNoMask(op)) {
        values.addAll(mask(op, node, operands).values());
      }
    }
    StandardForm.Part part = standard ? StandardForm.Part.NODE : StandardForm.Part.EXPANSION;
    inline(op, values, part, node.path(), node.results());
  }

  private Map<String, Integer> mask(Attention op, Graph.Node node, List<TensorType> operands) {
    List<Integer> extras =
        node.operands().subList(Attention.FIXED_OPERANDS, node.operands().size());
    Shared shared = new Shared(op, operands, extras);
    Map<String, Integer> known = masks.get(shared);
    if (known == null) {
      StandardForm.Part part = StandardForm.Part.MASK;
      known = inline(op, node.operands(), part, node.path(), List.of());
      masks.put(shared, known);
    }
    return known;
  }

  /**
   * Adds a copy of the form's nodes.
   *
   * @param results values that its results are to be
   * @return its outputs by name
   */
  private Map<String, Integer> inline(
      Attention op,
      List<Integer> operands,
      StandardForm.Part part,
      String path,
      List<Integer> results) {
    StandardForm form = new StandardForm(op, operands.stream().map(types::get).toList(), part);
    Map<String, TensorType> inputs = new LinkedHashMap<>(form.inputs());
    inputs.put(SIZES, sizes(op, form.operands()));
    Graph body = Graph.trace(new Sized(form), inputs, TRACE);
    Map<Integer, Integer> moved = new HashMap<>();
    for (int i = 0; i < operands.size(); i++) {
      Integer value = body.inputs().get(StandardForm.operand(i));
      if (value != null) {
        moved.put(value, operands.get(i));
      }
    }
    for (int i = 0; i < results.size(); i++) {
      moved.put(body.outputs().get(StandardForm.RESULT + i), results.get(i));
    }
    for (Graph.Node node : body.nodes()) {
      nodes.add(
          new Graph.Node(
              node.op(),
              node.operands().stream().map(moved::get).toList(),
              node.results().stream()
                  .map(value -> moved.computeIfAbsent(value, v -> fresh(body.type(v))))
                  .toList(),
              path));
    }
    Map<String, Integer> outputs = new LinkedHashMap<>(body.outputs());
    outputs.remove(SIZES);
    outputs.replaceAll((name, value) -> moved.get(value));
    return outputs;
  }

  private int fresh(TensorType type) {
    types.add(type);
    return types.size() - 1;
  }

  /** A type with an axis for each size that an attention mentions. */
  private static TensorType sizes(Attention op, List<TensorType> operands) {
    Set<String> symbols = new LinkedHashSet<>();
    operands.forEach(type -> type.dims().forEach(dim -> symbols.addAll(dim.symbols())));
    Dim start = op.start();
    if (start != null) {
      symbols.addAll(start.symbols());
    }
    return new TensorType(DType.F32, symbols.stream().map(Dim::symbol).toList());
  }

  /** A form that keeps the input of the sizes, so that they are known. */
  private record Sized(StandardForm form) implements Model {
    @Override
    public Map<String, TensorType> inputs() {
      return form.inputs();
    }

    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs given) {
      Map<String, Tensor> outputs = new LinkedHashMap<>(form.apply(scope, given));
      outputs.put(SIZES, given.get(SIZES));
      return outputs;
    }
  }
}
