package org.attention4j.spi;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.error.WeightsException;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.nn.Init;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;

/** The link between a graph's parameters and named weights. */
public final class Parameters {
  private Parameters() {}

  /**
   * Fresh values for every parameter of a program, f32; a pure function of the seed and the paths.
   */
  public static Weights init(Program program, long seed) {
    return complete(program, Weights.empty(), seed);
  }

  /**
   * Weights with fresh values, as {@link #init} makes them, for the parameters of a program that
   * they lack.
   */
  public static Weights complete(Program program, Weights weights, long seed) {
    Graph graph = program.graph(TraceOptions.primitives());
    Map<String, HostTensor> values = new LinkedHashMap<>(weights.tensors());
    graph
        .parameterTypes()
        .forEach(
            (path, type) -> {
              if (!values.containsKey(path)) {
                values.put(path, fresh(graph, path, type, seed));
              }
            });
    return Weights.of(values, weights.metadata());
  }

  private static HostTensor fresh(Graph graph, String path, TensorType type, long seed) {
    Graph.Parameter parameter = graph.parameters().get(path);
    Init init = parameter == null ? Init.zeros() : parameter.init();
    return init.values(type.shape(), seed, path);
  }

  /**
   * Checks that weights hold every parameter of a graph with its shape; surplus ones are allowed.
   *
   * @throws WeightsException that lists everything that is missing or has another shape
   */
  public static void check(Graph graph, Weights weights) {
    List<String> problems = new ArrayList<>();
    graph
        .parameterTypes()
        .forEach(
            (path, type) -> {
              if (!weights.has(path)) {
                problems.add("missing " + path + " " + type);
              } else if (!Arrays.equals(weights.get(path).shape(), type.shape())) {
                problems.add(
                    path
                        + " is "
                        + Arrays.toString(weights.get(path).shape())
                        + ", wanted "
                        + type);
              } else if (!weights.get(path).dtype().isFloating()) {
                problems.add(
                    path + " is " + weights.get(path).dtype().label() + ", wanted " + type);
              }
            });
    if (!problems.isEmpty()) {
      throw new WeightsException("weights do not fit the model: " + String.join("; ", problems));
    }
  }
}
