package org.attention4j.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * Activation checkpointing as a graph transformation: the backward pass reads the inner values of a
 * layer from a second computation of that layer, which stands right before their first use, so that
 * the first ones can be released at once.
 */
final class Recomputation {
  private final Graph graph;
  private final @Nullable Composite fence;
  private final Map<Integer, Graph.Node> producers = new HashMap<>();
  private final Map<Integer, String> regions = new HashMap<>();
  private final Set<Integer> kept = new HashSet<>();
  private final Set<Integer> parameters = new HashSet<>();
  private final Map<Integer, Integer> again = new HashMap<>();
  private final Map<String, Integer> fenced = new HashMap<>();
  private final List<Graph.Node> nodes = new ArrayList<>();
  private final List<TensorType> types;

  private Recomputation(Graph graph, @Nullable Composite fence) {
    this.graph = graph;
    this.fence = fence;
    this.types = new ArrayList<>(graph.types());
  }

  static Graph of(Graph graph, @Nullable Composite fence) {
    return new Recomputation(graph, fence).transformed();
  }

  /** The path of the layer that a path is in: up to its first number; empty outside of layers. */
  static String layer(String path) {
    String[] parts = path.split("\\.", -1);
    int length = 0;
    for (String part : parts) {
      length += part.length() + 1;
      if (!part.isEmpty() && part.chars().allMatch(Character::isDigit)) {
        return path.substring(0, length - 1);
      }
    }
    return "";
  }

  private static boolean isBackward(Graph.Node node) {
    return node.path().equals(Gradient.PATH);
  }

  private Graph transformed() {
    graph.parameters().values().forEach(p -> parameters.add(p.value()));
    kept.addAll(graph.outputs().values());
    for (Graph.Node node : graph.nodes()) {
      if (!isBackward(node)) {
        String region = layer(node.path());
        for (int result : node.results()) {
          producers.put(result, node);
          regions.put(result, region);
        }
        for (int operand : node.operands()) {
          if (!region.equals(regions.get(operand))) {
            kept.add(operand); // another layer reads it
          }
        }
      }
    }
    for (Graph.Node node : graph.nodes()) {
      if (isBackward(node)) {
        List<Integer> operands = node.operands().stream().map(this::late).toList();
        nodes.add(new Graph.Node(node.op(), operands, node.results(), node.path()));
      } else {
        nodes.add(node);
      }
    }
    return new Graph(graph.inputs(), graph.parameters(), nodes, graph.outputs(), types).pruned();
  }

  private boolean inner(int value) {
    return !regions.getOrDefault(value, "").isEmpty() && !kept.contains(value);
  }

  /** What the backward pass reads instead of a value. */
  private int late(int value) {
    if (!inner(value)) {
      return value;
    }
    Integer known = again.get(value);
    if (known != null) {
      return known;
    }
    Graph.Node node = producers.get(value);
    if (node == null) {
      throw new IllegalStateException("no node makes value " + value);
    }
    String region = layer(node.path());
    List<Integer> operands =
        node.operands().stream().map(v -> inner(v) ? late(v) : behindFence(v, region)).toList();
    List<Integer> results = new ArrayList<>();
    for (int result : node.results()) {
      int copy = newValue(types.get(result));
      again.put(result, copy);
      results.add(copy);
    }
    nodes.add(new Graph.Node(node.op(), operands, results, Gradient.PATH));
    return results.get(node.results().indexOf(value));
  }

  private int newValue(TensorType type) {
    types.add(type);
    return types.size() - 1;
  }

  private int behindFence(int value, String region) {
    Composite identity = fence;
    if (identity == null || parameters.contains(value)) {
      return value;
    }
    return fenced.computeIfAbsent(
        region + " " + value,
        key -> {
          int copy = newValue(types.get(value));
          nodes.add(new Graph.Node(identity, List.of(value), List.of(copy), Gradient.PATH));
          return copy;
        });
  }
}
