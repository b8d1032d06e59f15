package org.attention4j.engine.djl;

import java.util.ArrayList;
import java.util.List;
import org.attention4j.error.EngineException;
import org.attention4j.error.UsageException;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.train.UpdateModel;
import org.attention4j.weights.Weights;

/**
 * A program as a trainer needs it.
 *
 * @param differentiated the loss alone where PyTorch differentiates, and else the loss and the
 *     gradients of the trained parameters, in order
 * @param trained paths of the parameters that the loss depends on by the gradient rules of the
 *     graph
 * @param autograd whether PyTorch differentiates
 * @param training how composites are written in {@code differentiated}
 * @param evaluation the model with all its outputs
 * @param inference how composites are written in {@code evaluation}
 */
record TrainingGraphs(
    Graph differentiated,
    List<String> trained,
    boolean autograd,
    Fusion training,
    Graph evaluation,
    Fusion inference) {
  /** Name of the output that is made small. */
  static final String LOSS = "loss";

  /**
   * Traces the program.
   *
   * @throws UsageException if it has no loss, or the optimizer trains nothing that it depends on
   * @throws EngineException if activations are to be computed again without a kernel of ours
   */
  static TrainingGraphs of(
      Program program, Weights weights, TrainerOptions options, AttentionChoice attention) {
    AttentionKernel kernel = attention.kernel();
    Fusion training = kernel == null ? Fusion.PYTORCH : Fusion.forGradients(kernel);
    TraceOptions tracing = TraceOptions.primitives().keeping(training::claims);
    Graph graph = program.graph(tracing.forTraining(true));
    Parameters.check(graph, weights);
    Graph loss = lossOf(graph);
    Graph plain =
        loss.gradient(
            LOSS,
            kernel == null ? (op, types) -> true : training::claims,
            options.optimizer()::trains);
    Graph gradient = options.recomputing() ? recomputing(plain, attention) : plain;
    List<String> trained =
        loss.parameters().keySet().stream()
            .filter(path -> gradient.outputs().containsKey("grad." + path))
            .toList();
    UpdateModel.requireSome(trained);
    Fusion inference = Fusion.forInference(kernel);
    return new TrainingGraphs(
        kernel == null ? loss : gradient.withOutputs(outputs(trained)),
        trained,
        kernel == null,
        training,
        program.graph(TraceOptions.primitives().keeping(inference::claims)),
        inference);
  }

  private static Graph lossOf(Graph graph) {
    if (!graph.outputs().containsKey(LOSS)) {
      throw new UsageException(
          "training needs a model with a scalar output 'loss'; it has " + graph.outputTypes());
    }
    return graph.withOutputs(List.of(LOSS));
  }

  /** Only where the gradient is a graph of ours, not PyTorch's. */
  private static Graph recomputing(Graph gradient, AttentionChoice attention) {
    if (attention.kernel() == null) {
      throw new EngineException(
          "activation checkpointing needs an attention kernel of this library here, but there is "
              + attention
              + "; train without it, or on engine reference");
    }
    return gradient.recomputing(new Fence());
  }

  private static List<String> outputs(List<String> trained) {
    List<String> names = new ArrayList<>();
    names.add(LOSS);
    trained.forEach(path -> names.add("grad." + path));
    return names;
  }
}
