package org.attention4j.graph;

import java.util.HashMap;
import java.util.Map;
import org.attention4j.error.Count;
import org.attention4j.error.ShapeException;
import org.attention4j.error.UsageException;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.TensorType;

/** Reads the values of a graph's symbols from the shapes of its inputs, and checks every axis. */
final class Sizes {
  private Sizes() {}

  static Map<String, Long> of(Graph graph, Map<String, long[]> shapes) {
    Map<String, Long> sizes = new HashMap<>();
    graph
        .inputTypes()
        .forEach((name, type) -> readSymbols(name, type, shape(graph, shapes, name), sizes));
    graph
        .inputTypes()
        .forEach((name, type) -> check(name, type, shape(graph, shapes, name), sizes));
    return sizes;
  }

  private static long[] shape(Graph graph, Map<String, long[]> shapes, String name) {
    long[] shape = shapes.get(name);
    if (shape == null) {
      throw new UsageException(
          "input '"
              + name
              + "' is missing; the graph needs "
              + graph.inputTypes()
              + ", got "
              + shapes.keySet());
    }
    return shape;
  }

  private static void readSymbols(
      String name, TensorType type, long[] shape, Map<String, Long> sizes) {
    if (shape.length != type.rank()) {
      throw new ShapeException(
          "input '"
              + name
              + "' has "
              + Count.of(shape.length, "axis", "axes")
              + ", wanted "
              + type);
    }
    for (int i = 0; i < shape.length; i++) {
      if (type.dim(i).isSymbol()) {
        sizes.putIfAbsent(type.dim(i).toString(), shape[i]);
      }
    }
  }

  private static void check(String name, TensorType type, long[] shape, Map<String, Long> sizes) {
    for (int i = 0; i < shape.length; i++) {
      Dim wanted = type.dim(i).bind(sizes);
      if (!wanted.known()) {
        throw new ShapeException(
            "input '" + name + "' axis " + i + ": size " + wanted + " follows from no input");
      }
      if (!wanted.is(shape[i])) {
        throw new ShapeException(
            "input '"
                + name
                + "' axis "
                + i
                + ": "
                + type.dim(i)
                + " is "
                + wanted
                + ", got "
                + shape[i]);
      }
    }
  }
}
