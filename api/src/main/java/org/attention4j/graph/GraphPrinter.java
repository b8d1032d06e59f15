package org.attention4j.graph;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.Op;
import org.attention4j.tensor.Primitive;

/** Prints a graph, one line a node, under the path of its block. */
final class GraphPrinter {
  private GraphPrinter() {}

  static String print(Graph graph) {
    Map<Integer, String> names = new HashMap<>();
    graph.inputs().forEach((name, value) -> names.put(value, name));
    graph.parameters().forEach((path, parameter) -> names.put(parameter.value(), path));
    StringBuilder text = new StringBuilder();
    graph
        .inputTypes()
        .forEach(
            (name, type) ->
                text.append("input  ").append(name).append(": ").append(type).append('\n'));
    graph
        .parameterTypes()
        .forEach(
            (path, type) ->
                text.append("param  ").append(path).append(": ").append(type).append('\n'));
    String path = "";
    for (Graph.Node node : graph.nodes()) {
      if (!node.path().equals(path)) {
        path = node.path();
        text.append(path.isEmpty() ? "(top)" : path).append(":\n");
      }
      text.append("  ")
          .append(list(node.results(), names))
          .append(" = ")
          .append(describe(node.op()));
      text.append('(').append(list(node.operands(), names)).append(") : ");
      text.append(
          graph.resultTypes(node).stream().map(Object::toString).collect(Collectors.joining(", ")));
      text.append('\n');
    }
    graph
        .outputs()
        .forEach(
            (name, value) ->
                text.append("output ")
                    .append(name)
                    .append(" = ")
                    .append(name(value, names))
                    .append('\n'));
    return text.toString();
  }

  private static String describe(Op op) {
    if (op instanceof Primitive.Unary unary) {
      return unary.function().name();
    }
    if (op instanceof Primitive.Binary binary) {
      return binary.function().name();
    }
    return op instanceof Composite ? op.toString() : op.toString().replaceAll("\\[\\]$", "");
  }

  private static String list(List<Integer> values, Map<Integer, String> names) {
    return values.stream().map(v -> name(v, names)).collect(Collectors.joining(", "));
  }

  private static String name(int value, Map<Integer, String> names) {
    return names.getOrDefault(value, "%" + value);
  }
}
