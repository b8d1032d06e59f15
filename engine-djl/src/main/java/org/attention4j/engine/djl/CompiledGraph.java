package org.attention4j.engine.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.attention4j.error.EngineException;
import org.attention4j.graph.Graph;
import org.attention4j.tensor.Device;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Primitive;

/** A graph compiled for inference, with its parameters on the device. Thread-safe. */
final class CompiledGraph {
  private static final String METHOD = "forward";

  private final GraphScript script;
  private final GraphInputs inputs;
  private final TorchProgram program;
  private final NDList parameters = new NDList();
  private final NDList constants;
  private final Precision precision;

  /**
   * Compiles a graph of primitives and claimed composites.
   *
   * @param owner owns the program and the constants
   * @param fusion how composites are written
   * @param weights the parameters' arrays by path
   */
  CompiledGraph(
      NDManager owner,
      Graph graph,
      Precision precision,
      Device device,
      Fusion fusion,
      Map<String, NDArray> weights) {
    this.precision = precision;
    this.script = new GraphScript(METHOD, graph, precision, device, fusion, false);
    this.inputs = new GraphInputs(graph, precision);
    this.program = TorchProgram.load(owner, script.source());
    this.constants = constants(owner, script.constants(), precision);
    for (String path : graph.parameters().keySet()) {
      parameters.add(Objects.requireNonNull(weights.get(path), path));
    }
  }

  /** Literal tensors of a method, on the manager's device. */
  static NDList constants(
      NDManager owner, List<Primitive.Constant> constants, Precision precision) {
    NDList arrays = new NDList();
    for (Primitive.Constant constant : constants) {
      HostTensor tensor =
          HostTensor.zeros(precision.handed(constant.type().dtype()), constant.type().shape());
      for (int i = 0; i < constant.values().size(); i++) {
        Number value = constant.values().get(i);
        if (tensor.dtype().isFloating()) {
          tensor.set(i, value.doubleValue());
        } else {
          tensor.set(i, value.longValue());
        }
      }
      arrays.add(HostArrays.copy(owner, tensor));
    }
    return arrays;
  }

  Graph graph() {
    return script.graph();
  }

  GraphInputs inputs() {
    return inputs;
  }

  /**
   * Runs the graph.
   *
   * @param results owns the outputs
   * @param values all inputs in the graph's order
   */
  Map<String, NDArray> run(NDManager results, NDList values) {
    NDList outputs;
    try {
      outputs = program.infer(results, METHOD, List.of(parameters, values, constants));
    } catch (EngineException e) {
      throw script.explain(e);
    }
    Map<String, NDArray> named = new LinkedHashMap<>();
    int i = 0;
    for (String name : graph().outputs().keySet()) {
      named.put(name, outputs.get(i++));
    }
    return named;
  }

  /** Copies an output to the host in the element type in which the session keeps it. */
  HostTensor fetch(String output, NDArray array) {
    int value = Objects.requireNonNull(graph().outputs().get(output), output);
    return HostArrays.fetch(array).cast(precision.stored(graph().type(value).dtype()));
  }
}
