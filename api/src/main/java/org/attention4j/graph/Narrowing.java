package org.attention4j.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.attention4j.op.Activation;
import org.attention4j.op.Affine;
import org.attention4j.op.LayerNormalization;
import org.attention4j.op.LogSoftmax;
import org.attention4j.op.RmsNormalization;
import org.attention4j.tensor.Op;
import org.attention4j.tensor.Primitive;
import org.attention4j.tensor.Primitive.Slice;
import org.attention4j.tensor.TensorType;

/**
 * Computes only the rows that an output is cut to: a slice moves towards the inputs, through ops
 * that treat the rows of its axis one by one, as long as nobody else reads what they make. The
 * results are the same.
 */
final class Narrowing {
  private static final int WHOLE = -1;

  /** The rows of a value along an axis. */
  private record Rows(int value, int axis) {}

  private final Graph graph;
  private final Graph.Node last;
  private final Slice cut;
  private final Map<Integer, Integer> wanted = new HashMap<>(); // value to the axis it is cut along
  private final Set<Integer> whole = new HashSet<>();
  private final Set<Graph.Node> narrowed = new HashSet<>();
  private final List<Graph.Node> nodes = new ArrayList<>();
  private final List<TensorType> types;
  private final Map<Rows, Integer> narrow = new HashMap<>();

  private Narrowing(Graph graph, Graph.Node last, Slice cut) {
    this.graph = graph;
    this.last = last;
    this.cut = cut;
    this.types = new ArrayList<>(graph.types());
  }

  /** The graph with the slice moved that is its last node and an output; else as it is. */
  static Graph of(Graph graph) {
    int count = graph.nodes().size();
    Graph.Node last = count == 0 ? null : graph.nodes().get(count - 1);
    return last != null
            && last.op() instanceof Slice slice
            && graph.outputs().containsValue(last.results().get(0))
        ? new Narrowing(graph, last, slice).transformed()
        : graph;
  }

  private Graph transformed() {
    whole.addAll(graph.outputs().values());
    for (int i = graph.nodes().size() - 1; i >= 0; i--) {
      plan(graph.nodes().get(i)); // after all that read what it makes
    }
    Map<String, Integer> outputs = new LinkedHashMap<>(graph.outputs());
    for (Graph.Node node : graph.nodes().subList(0, graph.nodes().size() - 1)) {
      nodes.add(narrowed.contains(node) ? narrowed(node) : node);
    }
    int rows = rows(last.operands().get(0), cut.axis(), last.path());
    outputs.replaceAll((name, value) -> value.equals(last.results().get(0)) ? rows : value);
    return new Graph(graph.inputs(), graph.parameters(), nodes, outputs, types).pruned();
  }

  /** Decides whether a node makes its rows only, and what it then wants of its operands. */
  private void plan(Graph.Node node) {
    int[] axes = new int[node.operands().size()];
    int result = node.results().get(0);
    Integer axis = wanted.get(result);
    if (node.results().equals(last.results())) {
      axes[0] = cut.axis();
    } else if (axis == null
        || node.results().size() > 1
        || whole.contains(result)
        || !axes(node, axis, axes)) {
      Arrays.fill(axes, WHOLE);
    } else {
      narrowed.add(node);
    }
    for (int i = 0; i < axes.length; i++) {
      int operand = node.operands().get(i);
      Integer other = axes[i] == WHOLE ? null : wanted.putIfAbsent(operand, axes[i]);
      if (axes[i] == WHOLE || (other != null && other != axes[i])) {
        whole.add(operand);
      }
    }
  }

  /** Fills in along which axis each operand is cut if the result is; false if it cannot be. */
  private boolean axes(Graph.Node node, int axis, int[] axes) {
    List<TensorType> in = graph.operandTypes(node);
    TensorType result = graph.type(node.results().get(0));
    Op op = node.op();
    if (op instanceof Primitive.Unary
        || op instanceof Primitive.Cast
        || op instanceof Activation
        || (op instanceof Slice other && other.axis() != axis)
        || (op instanceof Primitive.Reduce reduce && !reduce.axes().contains(axis))) {
      axes[0] = axis;
      return true;
    }
    if (op instanceof Primitive.Binary || op instanceof Primitive.Where) {
      for (int i = 0; i < axes.length; i++) {
        int own = axis - result.rank() + in.get(i).rank();
        boolean repeated = own < 0 || !in.get(i).dim(own).equals(result.dim(axis));
        axes[i] = repeated ? WHOLE : own;
      }
      return true;
    }
    if (op instanceof Affine
        || op instanceof LayerNormalization
        || op instanceof RmsNormalization
        || op instanceof LogSoftmax
        || op instanceof Primitive.Softmax
        || (op instanceof Primitive.MatMul && in.get(1).rank() == 2)) {
      Arrays.fill(axes, WHOLE); // weights
      axes[0] = axis;
      return axis < result.rank() - 1;
    }
    if (op instanceof Primitive.Reshape && in.get(0).rank() > axis) {
      axes[0] = axis;
      return in.get(0).dims().subList(0, axis + 1).equals(result.dims().subList(0, axis + 1));
    }
    return false;
  }

  private Graph.Node narrowed(Graph.Node node) {
    int[] axes = new int[node.operands().size()];
    int result = node.results().get(0);
    int axis = wanted.getOrDefault(result, WHOLE);
    axes(node, axis, axes);
    List<Integer> operands = new ArrayList<>();
    for (int i = 0; i < axes.length; i++) {
      int operand = node.operands().get(i);
      operands.add(axes[i] == WHOLE ? operand : rows(operand, axes[i], node.path()));
    }
    TensorType type = graph.type(result);
    TensorType cutType = type.with(axis, cut.to().minus(cut.from()));
    Op op =
        node.op() instanceof Primitive.Reshape ? new Primitive.Reshape(cutType.dims()) : node.op();
    int value = newValue(cutType);
    narrow.put(new Rows(result, axis), value);
    return new Graph.Node(op, operands, List.of(value), node.path());
  }

  /** The rows of a value: made narrow, or cut out of the whole. */
  private int rows(int value, int axis, String path) {
    return narrow.computeIfAbsent(
        new Rows(value, axis),
        key -> {
          int rows = newValue(graph.type(value).with(axis, cut.to().minus(cut.from())));
          Slice slice = new Slice(axis, cut.from(), cut.to());
          nodes.add(new Graph.Node(slice, List.of(value), List.of(rows), path));
          return rows;
        });
  }

  private int newValue(TensorType type) {
    types.add(type);
    return types.size() - 1;
  }
}
