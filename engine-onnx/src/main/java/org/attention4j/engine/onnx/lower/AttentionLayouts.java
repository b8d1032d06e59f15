package org.attention4j.engine.onnx.lower;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.attention4j.graph.Graph;
import org.attention4j.op.Attention;
import org.attention4j.op.AttentionCode;
import org.attention4j.tensor.Primitive;
import org.jspecify.annotations.Nullable;

/**
 * Takes transpositions of heads and time around attention into its node, as the kernel reads and
 * writes either order: ONNX Runtime would copy the tensor for each.
 */
final class AttentionLayouts {
  private static final Primitive.Permute SWAP = new Primitive.Permute(List.of(0, 2, 1, 3));

  private final Graph graph;
  private final Map<Integer, Graph.Node> makers = new HashMap<>();
  private final Map<Integer, List<Graph.Node>> readers = new HashMap<>();

  private AttentionLayouts(Graph graph) {
    this.graph = graph;
    for (Graph.Node node : graph.nodes()) {
      node.results().forEach(value -> makers.put(value, node));
      node.operands()
          .forEach(value -> readers.computeIfAbsent(value, v -> new ArrayList<>()).add(node));
    }
  }

  /** The graph with each attention that stayed whole as a {@link LaidOutAttention}. */
  static Graph fold(Graph graph) {
    return new AttentionLayouts(graph).folded();
  }

  private Graph folded() {
    Set<Graph.Node> gone = new HashSet<>();
    List<Graph.Node> nodes = new ArrayList<>();
    for (Graph.Node node : graph.nodes()) {
      if (node.op() instanceof Attention attention) {
        nodes.add(folded(node, attention, gone));
      } else if (!gone.contains(node)) {
        nodes.add(node);
      }
    }
    if (nodes.equals(graph.nodes())) {
      return graph;
    }
    return new Graph(graph.inputs(), graph.parameters(), nodes, graph.outputs(), graph.types())
        .pruned();
  }

  private Graph.Node folded(Graph.Node node, Attention op, Set<Graph.Node> gone) {
    long timeFirst = 0;
    List<Integer> operands = new ArrayList<>(node.operands());
    for (int i = 0; i < LaidOutAttention.OPERAND_FLAGS.size(); i++) {
      Graph.Node maker = makers.get(operands.get(i));
      if (maker != null && maker.op().equals(SWAP)) {
        operands.set(i, maker.operands().get(0));
        timeFirst |= LaidOutAttention.OPERAND_FLAGS.get(i);
      }
    }
    List<Integer> results = new ArrayList<>(node.results());
    Graph.Node swap = onlySwap(results.get(0));
    if (swap != null) {
      results.set(0, swap.results().get(0));
      timeFirst |= AttentionCode.OUTPUT_TIME_FIRST;
      gone.add(swap);
    }
    return new Graph.Node(new LaidOutAttention(op, timeFirst), operands, results, node.path());
  }

  /** The one reader of a value if it is such a transposition. */
  private Graph.@Nullable Node onlySwap(int value) {
    List<Graph.Node> all = readers.getOrDefault(value, List.of());
    boolean only = all.size() == 1 && !graph.outputs().containsValue(value);
    return only && all.get(0).op().equals(SWAP) ? all.get(0) : null;
  }
}
