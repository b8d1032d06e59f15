package org.attention4j.conformance;

import java.util.Map;
import java.util.Objects;
import org.attention4j.graph.Graph;
import org.attention4j.graph.Replay;
import org.attention4j.graph.TraceOptions;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.spi.Program;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/** A program whose composites are expanded before the engine sees them: it can claim none. */
record ExpandedModel(Graph graph) implements Model {

  static Program of(Program program) {
    return new Program(
        new ExpandedModel(program.graph(TraceOptions.primitives())), program.inputs());
  }

  @Override
  public Map<String, TensorType> inputs() {
    return graph.inputTypes();
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Tensor first = inputs.tensors().values().iterator().next();
    return new Replay(graph)
        .run(
            first.executor(),
            path -> {
              Graph.Parameter parameter =
                  Objects.requireNonNull(graph.parameters().get(path), path);
              TensorType type = graph.type(parameter.value());
              return scope.param(path, parameter.init(), type.dims().toArray());
            },
            inputs.tensors());
  }
}
