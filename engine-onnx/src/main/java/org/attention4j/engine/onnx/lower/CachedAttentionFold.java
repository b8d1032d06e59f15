package org.attention4j.engine.onnx.lower;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;
import org.attention4j.graph.Graph;
import org.attention4j.op.Attention;
import org.attention4j.op.AttentionCode;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Primitive;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * Joins attention with the nodes that put fresh keys and values behind those of the cache, as one
 * {@link CachedAttention}, where nobody else reads what they make.
 */
public final class CachedAttentionFold {
  private static final Primitive.Permute SWAP = new Primitive.Permute(List.of(0, 2, 1, 3));
  private static final Primitive.Concat GROW = new Primitive.Concat(2);
  private static final Primitive.Update WRITE = new Primitive.Update(2);

  private final Graph graph;
  private final BiPredicate<Attention, List<TensorType>> expressed;
  private final Map<Integer, Graph.Node> makers = new HashMap<>();
  private final Map<Integer, List<Graph.Node>> readers = new HashMap<>();

  private CachedAttentionFold(Graph graph, BiPredicate<Attention, List<TensorType>> expressed) {
    this.graph = graph;
    this.expressed = expressed;
    for (Graph.Node node : graph.nodes()) {
      node.results().forEach(value -> makers.put(value, node));
      node.operands()
          .forEach(value -> readers.computeIfAbsent(value, v -> new ArrayList<>()).add(node));
    }
  }

  /** The graph with attention over a cache joined with it, as far as the options' form has it. */
  static Graph fold(Graph graph, Lowering options) {
    DType precision = options.precision();
    return new CachedAttentionFold(
            graph,
            (op, operands) ->
                options.cache() != null
                    ? CachedAttentionLowering.expresses(op, operands, precision)
                    : GroupedQuery.expresses(op, operands, precision))
        .folded();
  }

  /** Whether every entry of the cache goes through such a node and nowhere else. */
  public static boolean servesWholeCache(Graph graph, Lowering options) {
    Graph folded = fold(graph, options);
    Set<Integer> past = new HashSet<>();
    folded
        .inputs()
        .forEach(
            (name, value) -> {
              if (name.startsWith(Lowering.PAST)) {
                past.add(value);
              }
            });
    return !past.isEmpty()
        && folded.nodes().stream()
            .filter(node -> !(node.op() instanceof CachedAttention))
            .noneMatch(node -> node.operands().stream().anyMatch(past::contains));
  }

  private Graph folded() {
    Set<Graph.Node> gone = new HashSet<>();
    Map<Graph.Node, Graph.Node> replaced = new HashMap<>();
    for (Graph.Node node : graph.nodes()) {
      Graph.Node joined = node.op() instanceof Attention op ? joined(node, op, gone) : null;
      if (joined != null) {
        replaced.put(node, joined);
      }
    }
    List<Graph.Node> nodes = new ArrayList<>();
    for (Graph.Node node : graph.nodes()) {
      if (!gone.contains(node)) {
        nodes.add(replaced.getOrDefault(node, node));
      }
    }
    return new Graph(graph.inputs(), graph.parameters(), nodes, graph.outputs(), graph.types())
        .pruned();
  }

  private Graph.@Nullable Node joined(Graph.Node node, Attention op, Set<Graph.Node> gone) {
    Graph.Node key = grown(node, op, node.operands().get(1));
    Graph.Node value = grown(node, op, node.operands().get(2));
    if (key == null || value == null || !expressed.test(op, graph.operandTypes(node))) {
      return null;
    }
    long timeFirst = 0;
    List<Integer> operands =
        new ArrayList<>(
            List.of(node.operands().get(0), key.operands().get(1), value.operands().get(1)));
    for (int i = 0; i < operands.size(); i++) {
      Graph.Node maker = makers.get(operands.get(i));
      if (maker != null && maker.op().equals(SWAP)) {
        operands.set(i, maker.operands().get(0));
        timeFirst |= LaidOutAttention.OPERAND_FLAGS.get(i);
      }
    }
    operands.add(key.operands().get(0));
    operands.add(value.operands().get(0));
    operands.addAll(node.operands().subList(Attention.FIXED_OPERANDS, node.operands().size()));
    int output = node.results().get(0);
    List<Graph.Node> after = readers.getOrDefault(output, List.of());
    if (after.size() == 1
        && !graph.outputs().containsValue(output)
        && after.get(0).op().equals(SWAP)) {
      output = after.get(0).results().get(0);
      timeFirst |= AttentionCode.OUTPUT_TIME_FIRST;
      gone.add(after.get(0));
    }
    gone.add(key);
    gone.add(value);
    return new Graph.Node(
        new CachedAttention(op, timeFirst),
        operands,
        List.of(output, key.results().get(0), value.results().get(0)),
        node.path());
  }

  /** The node that makes a key or value from an entry of the cache, if only attention reads it. */
  private Graph.@Nullable Node grown(Graph.Node attention, Attention op, int value) {
    Graph.Node maker = makers.get(value);
    if (maker == null || !maker.op().equals(op.start() == null ? WRITE : GROW)) {
      return null;
    }
    boolean cached =
        graph.inputs().entrySet().stream()
            .anyMatch(
                input ->
                    input.getKey().startsWith(Lowering.PAST)
                        && input.getValue().equals(maker.operands().get(0)));
    boolean alone = readers.getOrDefault(value, List.of()).stream().allMatch(attention::equals);
    boolean follows =
        op.start() == null
            ? maker
                .operands()
                .get(2)
                .equals(attention.operands().get(Attention.FIXED_OPERANDS + op.extras().start()))
            : maker.operands().size() == 2
                && op.start().equals(graph.type(maker.operands().get(0)).dim(2));
    return cached && alone && follows ? maker : null;
  }
}
