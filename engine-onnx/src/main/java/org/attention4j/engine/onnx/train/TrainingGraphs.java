package org.attention4j.engine.onnx.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.engine.onnx.lower.GraphLowering;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.nn.Model;
import org.attention4j.spi.Program;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.TensorType;
import org.attention4j.train.Optimizer;
import org.attention4j.train.TrainingStep;
import org.attention4j.train.UpdateModel;

/**
 * The graphs that training needs, without parameters of their own: weights and optimizer state are
 * inputs {@code param.PATH} and {@code SLOT.PATH}, and {@code next.*} outputs.
 */
public final class TrainingGraphs {
  private final Graph forward;
  private final Graph gradient;
  private final Program program;
  private final Optimizer optimizer;
  private final double clipNorm;

  /**
   * Differentiates the program's output {@code loss}.
   *
   * @param clipNorm bound of the global gradient norm, 0 for none
   */
  public TrainingGraphs(Program program, Optimizer optimizer, double clipNorm) {
    TraceOptions tracing = TraceOptions.primitives();
    this.program = program;
    this.forward = program.graph(tracing.forTraining(true));
    this.gradient = forward.gradient("loss", (op, types) -> false, optimizer::trains);
    this.optimizer = optimizer;
    this.clipNorm = clipNorm;
  }

  /** The forward graph in training mode. */
  Graph forward() {
    return forward;
  }

  /** Forward, backward and update: to {@code loss}, {@code gradient_norm} and {@code next.*}. */
  public Graph step() {
    Graph step = traced(new TrainingStep(gradient, optimizer, clipNorm));
    List<String> outputs = new ArrayList<>(List.of("loss", "gradient_norm"));
    step.outputs().keySet().stream().filter(n -> n.startsWith("next.")).forEach(outputs::add);
    return step.withOutputs(outputs);
  }

  /** Forward and backward: to the program's outputs and {@code grad.PATH}. */
  Graph gradients() {
    return traced(new ParametersAsInputs(gradient));
  }

  /** The update alone, from {@code grad.PATH}. */
  Graph update() {
    return traced(new UpdateModel(trained(), optimizer, clipNorm));
  }

  /** The forward pass without dropout. */
  Graph evaluation() {
    TraceOptions tracing = TraceOptions.primitives().keeping(GraphLowering.claims(DType.F32));
    ParametersAsInputs model = new ParametersAsInputs(program.graph(tracing));
    return Graph.trace(model, model.inputs(), tracing);
  }

  /** Types of the parameters that the loss depends on. */
  Map<String, TensorType> trained() {
    Map<String, TensorType> types = new LinkedHashMap<>(gradient.parameterTypes());
    types.keySet().removeIf(path -> !gradient.outputs().containsKey("grad." + path));
    return types;
  }

  private static Graph traced(Model model) {
    return Graph.trace(model, model.inputs(), TraceOptions.primitives());
  }
}
