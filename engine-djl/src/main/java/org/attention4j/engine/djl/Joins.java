package org.attention4j.engine.djl;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.attention4j.graph.Graph;
import org.attention4j.tensor.BinaryFunction;
import org.attention4j.tensor.Primitive;
import org.jspecify.annotations.Nullable;

/**
 * Sums of padded parts that together fill an axis: the gradient of {@link Splits}. As one {@code
 * cat} each part is copied once; as pads and additions each would be a full array, added to the
 * others. If the sum is only read to be permuted, the parts are permuted instead: the result then
 * lies in its own order, and reshaping it is no second copy.
 */
final class Joins {
  private final Map<Integer, Graph.Node> producers = new HashMap<>();
  private final Map<Integer, Integer> uses = new HashMap<>();

  /** Parts of an axis, and the order of axes in which they are wanted, empty for their own. */
  private record Join(List<Graph.Node> pads, List<Integer> order) {}

  private final Map<Graph.Node, Join> joined = new HashMap<>();
  private final Set<Graph.Node> absorbed = new HashSet<>();

  Joins(Graph graph) {
    for (Graph.Node node : graph.nodes()) {
      node.results().forEach(value -> producers.put(value, node));
      node.operands().forEach(value -> uses.merge(value, 1, Integer::sum));
    }
    graph.outputs().values().forEach(value -> uses.merge(value, 1, Integer::sum));
    for (int i = graph.nodes().size() - 1; i >= 0; i--) { // the outermost sum first
      Graph.Node node = graph.nodes().get(i);
      if (isSum(node) && !absorbed.contains(node)) {
        List<Graph.Node> within = new ArrayList<>();
        List<Graph.Node> pads = new ArrayList<>();
        if (collect(node, within, pads) && fills(pads, graph)) {
          joined.put(node, new Join(pads, List.of()));
          absorbed.addAll(within);
          absorbed.addAll(pads);
        }
      }
    }
    graph.nodes().forEach(this::permuteParts);
  }

  private void permuteParts(Graph.Node node) {
    if (!(node.op() instanceof Primitive.Permute permute)) {
      return;
    }
    int sum = node.operands().get(0);
    Graph.Node producer = producers.get(sum);
    Join join = producer == null ? null : joined.get(producer);
    if (producer != null
        && join != null
        && join.order.isEmpty()
        && uses.getOrDefault(sum, 0) == 1) {
      joined.remove(producer);
      absorbed.add(producer);
      joined.put(node, new Join(join.pads, permute.axes()));
    }
  }

  private static boolean isSum(Graph.Node node) {
    return node.op() instanceof Primitive.Binary binary && binary.function() == BinaryFunction.ADD;
  }

  /** Collects the pads below a sum; false if anything else is among its terms. */
  private boolean collect(Graph.Node sum, List<Graph.Node> within, List<Graph.Node> pads) {
    for (int operand : sum.operands()) {
      Graph.Node node = producers.get(operand);
      if (node == null || uses.getOrDefault(operand, 0) != 1) {
        return false;
      }
      if (node.op() instanceof Primitive.Pad) {
        pads.add(node);
      } else if (!isSum(node) || !collect(node, within, pads)) {
        return false;
      } else {
        within.add(node);
      }
    }
    return true;
  }

  private static Primitive.Pad pad(Graph.Node node) {
    return (Primitive.Pad) node.op();
  }

  /** Sorts the pads; whether they fill one axis without a gap. */
  private static boolean fills(List<Graph.Node> pads, Graph graph) {
    int axis = pad(pads.get(0)).axis();
    for (Graph.Node node : pads) {
      Primitive.Pad pad = pad(node);
      boolean known =
          pad.before().known()
              && pad.after().known()
              && graph.type(node.operands().get(0)).dim(axis).known();
      if (pad.axis() != axis || !known) {
        return false;
      }
    }
    pads.sort(Comparator.comparingLong(node -> pad(node).before().longSize()));
    long end = 0;
    for (Graph.Node node : pads) {
      if (pad(node).before().longSize() != end) {
        return false;
      }
      end += graph.type(node.operands().get(0)).dim(axis).longSize();
    }
    return pad(pads.get(pads.size() - 1)).after().is(0);
  }

  /** Whether a node is part of a join and needs no line of its own. */
  boolean absorbs(Graph.Node node) {
    return absorbed.contains(node);
  }

  /** Whether a node is a join or part of one. */
  boolean involves(Graph.Node node) {
    return joined.containsKey(node) || absorbed.contains(node);
  }

  /** The term of a node that is a join; null for every other node. */
  @Nullable Term find(Graph.Node node, Map<Integer, Term> terms) {
    Join join = joined.get(node);
    if (join == null) {
      return null;
    }
    int axis = pad(join.pads.get(0)).axis();
    boolean ordered = join.order.isEmpty();
    String parts =
        join.pads.stream()
            .map(part -> Objects.requireNonNull(terms.get(part.operands().get(0))).text())
            .map(part -> ordered ? part : "torch.permute(" + part + ", " + join.order + ")")
            .collect(Collectors.joining(", ", "[", "]"));
    int at = ordered ? axis : join.order.indexOf(axis);
    return Term.tensor("torch.cat(" + parts + ", " + at + ")");
  }
}
