package org.attention4j.engine.djl;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.attention4j.graph.Graph;
import org.attention4j.tensor.Primitive;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * Slices that together cut a whole axis, such as query, key and value out of one product. As one
 * {@code split} their gradients are joined by one copy; as slices each would be a full array of
 * zeros.
 */
final class Splits {
  private record Cut(int value, int axis) {}

  private record Part(List<Primitive.Slice> all, int index) {}

  private final Map<Graph.Node, Part> parts = new HashMap<>();
  private final Map<Cut, String> written = new HashMap<>();

  Splits(Graph graph) {
    Map<Cut, List<Graph.Node>> cuts = new LinkedHashMap<>();
    for (Graph.Node node : graph.nodes()) {
      if (node.op() instanceof Primitive.Slice slice
          && slice.from().known()
          && slice.to().known()) {
        Cut cut = new Cut(node.operands().get(0), slice.axis());
        cuts.computeIfAbsent(cut, c -> new ArrayList<>()).add(node);
      }
    }
    cuts.forEach((cut, nodes) -> register(graph.type(cut.value), cut.axis, nodes));
  }

  private void register(TensorType type, int axis, List<Graph.Node> nodes) {
    List<Graph.Node> ordered = new ArrayList<>(nodes);
    ordered.sort(Comparator.comparingLong(node -> slice(node).from().longSize()));
    List<Primitive.Slice> slices = ordered.stream().map(Splits::slice).toList();
    long end = 0;
    for (Primitive.Slice slice : slices) {
      if (slice.from().longSize() != end) {
        return;
      }
      end = slice.to().longSize();
    }
    if (slices.size() < 2 || !type.dim(axis).is(end)) {
      return;
    }
    for (int i = 0; i < slices.size(); i++) {
      parts.put(ordered.get(i), new Part(slices, i));
    }
  }

  private static Primitive.Slice slice(Graph.Node node) {
    return (Primitive.Slice) node.op();
  }

  /** The term of a slice that is part of a split; null for every other node. */
  @Nullable Term find(Graph.Node node, ScriptCall call) {
    Part part = parts.get(node);
    if (part == null) {
      return null;
    }
    int axis = slice(node).axis();
    String list =
        written.computeIfAbsent(
            new Cut(node.operands().get(0), axis), cut -> write(part, axis, call));
    return Term.tensor(list + "[" + part.index + "]");
  }

  private static String write(Part part, int axis, ScriptCall call) {
    String sizes =
        part.all.stream()
            .map(slice -> slice.to().minus(slice.from()).toString())
            .collect(Collectors.joining(", ", "[", "]"));
    return call.writer()
        .name("t", "torch.split_with_sizes(" + call.tensor(0) + ", " + sizes + ", " + axis + ")");
  }
}
