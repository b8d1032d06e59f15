package org.attention4j.engine.djl;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.attention4j.graph.Graph;
import org.attention4j.tensor.BinaryFunction;
import org.attention4j.tensor.Primitive;

/**
 * Outputs that a method adds to lasting tensors where they are computed, times a weight, instead of
 * returning them: gradients. A matrix product is accumulated by the product itself, so that a
 * weight's gradient is never an array of its own, and the terms of a sum are added one by one.
 */
final class Accumulators {
  /** The further parameters of the method: the tensors, and the numbers of the step. */
  static final String PARAMETERS = ", g: List[Tensor], s: List[Tensor]";

  private static final String WEIGHT = "weight";

  private final Graph graph;
  private final Joins joins;
  private final Map<Integer, Graph.Node> producers = new HashMap<>();
  private final Map<Integer, Integer> uses = new HashMap<>();
  private final Set<String> names;
  private final Set<Graph.Node> absorbed = new HashSet<>();

  /** The tensors that a value is added to, by the values' numbers. */
  private final Map<Integer, List<Integer>> targets = new HashMap<>();

  /**
   * Finds the terms.
   *
   * @param outputs names of the outputs, in the order of the tensors
   * @param joins sums that are written as one
   */
  Accumulators(Graph graph, List<String> outputs, Joins joins) {
    this.graph = graph;
    this.joins = joins;
    this.names = Set.copyOf(outputs);
    for (Graph.Node node : graph.nodes()) {
      node.results().forEach(value -> producers.put(value, node));
      node.operands().forEach(value -> uses.merge(value, 1, Integer::sum));
    }
    graph.outputs().values().forEach(value -> uses.merge(value, 1, Integer::sum));
    for (int i = 0; i < outputs.size(); i++) {
      Integer value = graph.outputs().get(outputs.get(i));
      if (value == null) {
        throw new IllegalStateException("no output " + outputs.get(i));
      }
      collect(value, i);
    }
  }

  private void collect(int value, int target) {
    Graph.Node node = producers.get(value);
    if (node != null && isOwnSum(node, value)) {
      absorbed.add(node);
      node.operands().forEach(operand -> collect(operand, target));
    } else {
      targets.computeIfAbsent(value, v -> new ArrayList<>()).add(target);
    }
  }

  /** A sum that nothing else reads, of terms with its own shape. */
  private boolean isOwnSum(Graph.Node node, int value) {
    return node.op() instanceof Primitive.Binary binary
        && binary.function() == BinaryFunction.ADD
        && uses.getOrDefault(value, 0) == 1
        && !joins.involves(node)
        && node.operands().stream()
            .allMatch(operand -> graph.type(operand).equals(graph.type(value)));
  }

  /** Whether an output is accumulated, not returned. */
  boolean takes(String output) {
    return names.contains(output);
  }

  /** Whether a node needs no line of its own. */
  boolean absorbs(Graph.Node node) {
    return absorbed.contains(node);
  }

  /** Reads the weight, once a call. */
  void begin(ScriptWriter writer) {
    writer.line(WEIGHT + " = float(s[" + TrainerScript.WEIGHT + "])");
  }

  /** Writes a matrix product into its tensor; false if the node is something else. */
  boolean writeProduct(Graph.Node node, Function<Graph.Node, ScriptCall> calls) {
    int value = node.results().get(0);
    List<Integer> into = targets.getOrDefault(value, List.of());
    if (into.size() != 1
        || uses.getOrDefault(value, 0) != 1
        || !(node.op() instanceof Primitive.MatMul product)
        || !graph.operandTypes(node).stream().allMatch(type -> type.rank() == 2)) {
      return false;
    }
    ScriptCall call = calls.apply(node);
    if (call.writer().precision().isMixed()) {
      return false; // the product has another element type
    }
    String right = call.tensor(1);
    call.writer()
        .name(
            "g",
            "torch.addmm_(g["
                + into.get(0)
                + "], "
                + call.tensor(0)
                + ", "
                + (product.transposeB() ? "torch.t(" + right + ")" : right)
                + ", beta=1, alpha="
                + WEIGHT
                + ")");
    return true;
  }

  /** Adds a value that has just been computed to its tensors, if it has any. */
  void writeTerm(int value, ScriptWriter writer, IntFunction<String> text) {
    for (int target : targets.getOrDefault(value, List.of())) {
      writer.name(
          "g", "torch.add_(g[" + target + "], " + text.apply(value) + ", alpha=" + WEIGHT + ")");
    }
  }

  /** Adds the values that no node computes. */
  void finish(ScriptWriter writer, IntFunction<String> text) {
    targets.keySet().stream()
        .sorted()
        .filter(value -> !producers.containsKey(value))
        .forEach(value -> writeTerm(value, writer, text));
  }
}
