package org.attention4j.engine.onnx.lower;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.onnxformat.Attributes;
import org.attention4j.onnxformat.GraphBuilder;
import org.attention4j.tensor.Dim;

/**
 * Reshape without {@code -1}, which has no answer when another axis is empty.
 *
 * <p>Unit axes that come and go are Squeeze and Unsqueeze; axes that stay in place are {@code 0} in
 * the target; everything else is a computed shape. What undoes another reshape is what that one
 * began with.
 */
final class Reshapes {
  private final GraphBuilder graph;
  private final Literals literals;
  private final Sizes sizes;
  private final Map<String, Source> made = new HashMap<>();

  /** What a value was before its reshape. */
  private record Source(String value, List<Dim> dims) {}

  Reshapes(GraphBuilder graph, Literals literals, Sizes sizes) {
    this.graph = graph;
    this.literals = literals;
    this.sizes = sizes;
  }

  String reshape(String value, List<Dim> from, List<Dim> to) {
    String current = value;
    for (Source source = made.get(value); source != null; source = made.get(current)) {
      if (source.dims.equals(to)) {
        return source.value;
      }
      current = source.value;
    }
    String result = from.equals(to) ? value : reshaped(value, from, to);
    if (!result.equals(value)) {
      made.put(result, new Source(value, from));
    }
    return result;
  }

  private String reshaped(String value, List<Dim> from, List<Dim> to) {
    if (withoutUnits(from).equals(withoutUnits(to))) {
      return units(value, from, to);
    }
    List<Long> target = new ArrayList<>();
    for (int i = 0; i < to.size(); i++) {
      Dim size = to.get(i);
      boolean inPlace = i < from.size() && from.get(i).equals(size);
      if (!inPlace && (!size.known() || size.is(0))) {
        return graph.node(
            "Reshape", List.of(value, sizes.shape(to)), Attributes.integer("allowzero", 1));
      }
      target.add(inPlace ? 0L : size.longSize());
    }
    return graph.node("Reshape", List.of(value, literals.vector(target)));
  }

  private static List<Dim> withoutUnits(List<Dim> dims) {
    return dims.stream().filter(dim -> !dim.is(1)).toList();
  }

  /** Removes and inserts the axes of size 1 in which the two differ. */
  private String units(String value, List<Dim> from, List<Dim> to) {
    List<Long> removed = new ArrayList<>();
    List<Long> inserted = new ArrayList<>();
    int i = 0;
    int j = 0;
    while (i < from.size() || j < to.size()) {
      if (i < from.size() && j < to.size() && from.get(i).equals(to.get(j))) {
        i++;
        j++;
      } else if (i < from.size() && from.get(i).is(1)) {
        removed.add((long) i++);
      } else {
        inserted.add((long) j++);
      }
    }
    String result = value;
    if (!removed.isEmpty()) {
      result = graph.node("Squeeze", List.of(result, literals.vector(removed)));
    }
    if (!inserted.isEmpty()) {
      result = graph.node("Unsqueeze", List.of(result, literals.vector(inserted)));
    }
    return result;
  }
}
