package org.attention4j.graph;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.attention4j.error.OperandException;
import org.attention4j.error.UsageException;
import org.attention4j.tensor.Executor;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Runs a graph's nodes one by one on an executor, and releases each value after its last use. Holds
 * only the plan; a replay may run on several threads with separate executors.
 */
public final class Replay {
  private final Graph graph;
  private final int[] lastUse;

  /** Finds the last use of each value; the graph may be run often. */
  public Replay(Graph graph) {
    this.graph = graph;
    this.lastUse = lastUse(graph);
  }

  /** Node index after which each value is dead; -1 for inputs, parameters and outputs. */
  private static int[] lastUse(Graph graph) {
    int[] last = new int[graph.types().size()];
    for (int i = 0; i < graph.nodes().size(); i++) {
      for (int value : graph.nodes().get(i).results()) {
        last[value] = i;
      }
      for (int value : graph.nodes().get(i).operands()) {
        last[value] = i;
      }
    }
    graph.inputs().values().forEach(v -> last[v] = -1);
    graph.parameters().values().forEach(p -> last[p.value()] = -1);
    graph.outputs().values().forEach(v -> last[v] = -1);
    return last;
  }

  /**
   * Runs all nodes.
   *
   * @param parameters the executor's tensor for a path
   * @param inputs the executor's tensors by name
   */
  public Map<String, Tensor> run(
      Executor executor, Function<String, Tensor> parameters, Map<String, Tensor> inputs) {
    return run(executor, parameters, inputs, path -> {});
  }

  Map<String, Tensor> run(
      Executor executor,
      Function<String, Tensor> parameters,
      Map<String, Tensor> inputs,
      Consumer<String> entering) {
    @Nullable Tensor[] values = new Tensor[graph.types().size()];
    graph.inputs().forEach((name, value) -> values[value] = input(inputs, name));
    graph.parameters().forEach((path, p) -> values[p.value()] = parameters.apply(path));
    List<Graph.Node> nodes = graph.nodes();
    for (int i = 0; i < nodes.size(); i++) {
      Graph.Node node = nodes.get(i);
      entering.accept(node.path());
      step(executor, node, values);
      release(executor, node, i, values);
    }
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    graph.outputs().forEach((name, value) -> outputs.put(name, present(values[value])));
    return outputs;
  }

  private static void step(Executor executor, Graph.Node node, @Nullable Tensor[] values) {
    List<Tensor> operands = node.operands().stream().map(v -> present(values[v])).toList();
    try {
      List<Tensor> results = Tensor.run(executor, node.op(), operands);
      for (int i = 0; i < results.size(); i++) {
        values[node.results().get(i)] = results.get(i);
      }
    } catch (OperandException e) {
      throw e.at(node.path());
    }
  }

  private void release(Executor executor, Graph.Node node, int index, @Nullable Tensor[] values) {
    for (List<Integer> touched : List.of(node.operands(), node.results())) {
      for (int value : touched) {
        Tensor tensor = values[value];
        if (lastUse[value] == index && tensor != null) {
          executor.release(tensor.handle());
          values[value] = null;
        }
      }
    }
  }

  private Tensor input(Map<String, Tensor> inputs, String name) {
    Tensor tensor = inputs.get(name);
    if (tensor == null) {
      throw new UsageException(
          "input '"
              + name
              + "' is missing; the graph needs "
              + graph.inputTypes()
              + ", got "
              + inputs.keySet());
    }
    return tensor;
  }

  private static Tensor present(@Nullable Tensor tensor) {
    if (tensor == null) {
      throw new IllegalStateException("a value is read before it is computed");
    }
    return tensor;
  }
}
