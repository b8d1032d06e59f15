package org.attention4j.engine.onnx.lower;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.attention4j.graph.Graph;
import org.attention4j.op.LayerNormalization;
import org.attention4j.tensor.BinaryFunction;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Primitive;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * Joins the sums of residual connections with the layer norms that read them, and with the bias of
 * the linear layer before, as {@link SkipNormalization}: of the time for one token that ONNX
 * Runtime spends outside of products, most goes into such small nodes.
 */
public final class SkipNormFold {
  private static final Primitive.Binary ADD = new Primitive.Binary(BinaryFunction.ADD);

  private final Graph graph;
  private final Set<Integer> parameters;
  private final Map<Integer, Graph.Node> makers = new HashMap<>();
  private final Map<Integer, List<Graph.Node>> readers = new HashMap<>();

  private SkipNormFold(Graph graph) {
    this.graph = graph;
    this.parameters =
        graph.parameters().values().stream()
            .map(Graph.Parameter::value)
            .collect(Collectors.toSet());
    for (Graph.Node node : graph.nodes()) {
      node.results().forEach(value -> makers.put(value, node));
      node.operands()
          .forEach(value -> readers.computeIfAbsent(value, v -> new ArrayList<>()).add(node));
    }
  }

  /** The graph with such sums joined with their norms, as far as there are any. */
  public static Graph fold(Graph graph) {
    return new SkipNormFold(graph).folded();
  }

  private Graph folded() {
    Set<Graph.Node> gone = new HashSet<>();
    List<Graph.Node> nodes = new ArrayList<>();
    for (Graph.Node node : graph.nodes()) {
      Graph.Node norm = norm(node);
      if (norm != null) {
        nodes.add(joined(node, norm));
        gone.add(norm);
      } else if (!gone.contains(node)) {
        nodes.add(node);
      }
    }
    return gone.isEmpty()
        ? graph
        : new Graph(graph.inputs(), graph.parameters(), nodes, graph.outputs(), graph.types())
            .pruned();
  }

  /** The norm of a residual sum; null if the node is no such sum. */
  private Graph.@Nullable Node norm(Graph.Node sum) {
    if (!sum.op().equals(ADD)) {
      return null;
    }
    TensorType type = graph.type(sum.results().get(0));
    boolean residual =
        type.rank() == 3
            && type.dtype() == DType.F32
            && graph.operandTypes(sum).stream().allMatch(type::equals);
    return residual
        ? readers.getOrDefault(sum.results().get(0), List.of()).stream()
            .filter(node -> node.op() instanceof LayerNormalization)
            .filter(node -> node.operands().get(0).equals(sum.results().get(0)))
            .filter(
                node -> parameters.containsAll(node.operands().subList(1, node.operands().size())))
            .findFirst()
            .orElse(null)
        : null;
  }

  private Graph.Node joined(Graph.Node sum, Graph.Node norm) {
    int x = sum.operands().get(0);
    int y = sum.operands().get(1);
    Graph.Node biased = biased(y);
    if (biased == null && biased(x) != null) {
      int other = x;
      x = y;
      y = other;
      biased = biased(y);
    }
    List<Integer> operands =
        new ArrayList<>(List.of(x, biased == null ? y : biased.operands().get(0)));
    operands.addAll(norm.operands().subList(1, norm.operands().size()));
    if (biased != null) {
      operands.add(biased.operands().get(1));
    }
    double epsilon = ((LayerNormalization) norm.op()).epsilon();
    return new Graph.Node(
        new SkipNormalization(epsilon, norm.operands().size() == 3, biased != null),
        operands,
        List.of(norm.results().get(0), sum.results().get(0)),
        norm.path());
  }

  /** The node that adds a bias to what becomes the value, if nobody else reads the value. */
  private Graph.@Nullable Node biased(int value) {
    Graph.Node maker = makers.get(value);
    return maker != null
            && maker.op().equals(ADD)
            && parameters.contains(maker.operands().get(1))
            && graph.type(maker.operands().get(1)).rank() == 1
            && graph.type(maker.operands().get(0)).equals(graph.type(value))
            && readers.getOrDefault(value, List.of()).size() == 1
            && !graph.outputs().containsValue(value)
        ? maker
        : null;
  }
}
