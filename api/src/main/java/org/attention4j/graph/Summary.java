package org.attention4j.graph;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.attention4j.tensor.DType;

/**
 * Parameters, their bytes, and floating-point operations of one run, block by block. A tied
 * parameter counts once, under its own path. Immutable.
 */
public final class Summary {

  /**
   * A block with everything below its path.
   *
   * @param path empty for the whole model
   * @param parameters numbers in them
   * @param bytes of the parameters in the chosen element type
   * @param productFlops operations of matrix products; a multiplication and an addition count two
   * @param otherFlops one for each pointwise function and element of a reduction, four for an
   *     element of a softmax
   */
  public record Row(String path, long parameters, long bytes, long productFlops, long otherFlops) {
    /** Operations of all kinds. */
    public long flops() {
      return Math.addExact(productFlops, otherFlops);
    }

    private boolean sameSize(Row other) {
      return parameters == other.parameters
          && productFlops == other.productFlops
          && otherFlops == other.otherFlops;
    }
  }

  /** A block while it is being counted. */
  private static final class Count {
    final String path;
    final Map<String, Count> children = new LinkedHashMap<>();
    long parameters;
    Flops flops = Flops.NONE;

    Count(String path) {
      this.path = path;
    }

    Count child(String name) {
      return children.computeIfAbsent(name, n -> new Count(path.isEmpty() ? n : path + "." + n));
    }
  }

  private final Count root = new Count("");
  private final DType stored;

  private Summary(DType stored) {
    this.stored = stored;
  }

  /**
   * Counts a graph.
   *
   * @param sizes values of its symbols: {@code batch}, {@code time}
   * @param stored element type of the parameters
   */
  public static Summary of(Graph graph, Map<String, Long> sizes, DType stored) {
    Summary summary = new Summary(stored);
    Graph bound = graph.bind(sizes);
    for (Graph.Node node : bound.nodes()) {
      Flops flops = Flops.of(node.op(), bound.operandTypes(node), bound.resultTypes(node));
      summary.add(node.path(), 0, flops);
    }
    bound
        .parameterTypes()
        .forEach(
            (path, type) ->
                summary.add(
                    path.substring(0, Math.max(0, path.lastIndexOf('.'))),
                    type.count().longSize(),
                    Flops.NONE));
    return summary;
  }

  private void add(String path, long parameters, Flops flops) {
    Count at = root;
    grow(at, parameters, flops);
    if (!path.isEmpty()) {
      for (String name : path.split("\\.", -1)) {
        at = at.child(name);
        grow(at, parameters, flops);
      }
    }
  }

  private static void grow(Count count, long parameters, Flops flops) {
    count.parameters += parameters;
    count.flops = count.flops.plus(flops);
  }

  private Row row(Count count) {
    return new Row(
        count.path,
        count.parameters,
        count.parameters * stored.bytes(),
        count.flops.products(),
        count.flops.others());
  }

  /** The whole model. */
  public Row total() {
    return row(root);
  }

  /** Every block down to a depth, each before those below it; depth 0 is the whole model alone. */
  public List<Row> rows(int depth) {
    List<Row> rows = new ArrayList<>();
    collect(root, depth, rows);
    return rows;
  }

  private void collect(Count count, int depth, List<Row> rows) {
    rows.add(row(count));
    if (depth > 0) {
      count.children.values().forEach(child -> collect(child, depth - 1, rows));
    }
  }

  /** The block at a path, if there is one: parameters 0 otherwise. */
  public Row at(String path) {
    Count count = root;
    for (String name : path.isEmpty() ? new String[0] : path.split("\\.", -1)) {
      count = Objects.requireNonNullElseGet(count.children.get(name), () -> new Count(path));
    }
    return row(count);
  }

  /** A table for people; layers that are equal and in line share one entry. */
  public String table(int depth) {
    StringBuilder text =
        new StringBuilder(
            String.format(
                Locale.ROOT, "%-44s %15s %12s %12s%n", "block", "parameters", "MB", "MFLOP"));
    print(root, "(all)", 0, depth, text);
    return text.toString();
  }

  private void print(Count count, String name, int indent, int depth, StringBuilder text) {
    Row row = row(count);
    text.append(
        String.format(
            Locale.ROOT,
            "%-44s %,15d %,12.2f %,12.2f%n",
            "  ".repeat(indent) + name,
            row.parameters(),
            row.bytes() / 1e6,
            row.flops() / 1e6));
    if (depth == 0) {
      return;
    }
    List<Map.Entry<String, Count>> children = List.copyOf(count.children.entrySet());
    int i = 0;
    while (i < children.size()) {
      int end = i + 1;
      while (end < children.size() && alike(children.get(i), children.get(end))) {
        end++;
      }
      String label = children.get(i).getKey();
      if (end > i + 1) {
        label += " to " + children.get(end - 1).getKey() + ", each of " + (end - i);
      }
      print(children.get(i).getValue(), label, indent + 1, depth - 1, text);
      i = end;
    }
  }

  private boolean alike(Map.Entry<String, Count> a, Map.Entry<String, Count> b) {
    return a.getKey().matches("\\d+")
        && b.getKey().matches("\\d+")
        && row(a.getValue()).sameSize(row(b.getValue()));
  }

  @Override
  public String toString() {
    return table(Integer.MAX_VALUE);
  }
}
