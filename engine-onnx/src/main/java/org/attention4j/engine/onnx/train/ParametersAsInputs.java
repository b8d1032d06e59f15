package org.attention4j.engine.onnx.train;

import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.graph.Graph;
import org.attention4j.graph.Replay;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * A graph as a model that takes its parameters as inputs {@code param.PATH}, so that they may
 * change from run to run.
 *
 * @param graph with at least one input or parameter
 */
record ParametersAsInputs(Graph graph) implements Model {
  static final String PREFIX = "param.";

  @Override
  public Map<String, TensorType> inputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>(graph.inputTypes());
    graph.parameterTypes().forEach((path, type) -> inputs.put(PREFIX + path, type));
    return inputs;
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Tensor any = inputs.tensors().values().iterator().next();
    return new Replay(graph)
        .run(any.executor(), path -> inputs.get(PREFIX + path), inputs.tensors());
  }
}
