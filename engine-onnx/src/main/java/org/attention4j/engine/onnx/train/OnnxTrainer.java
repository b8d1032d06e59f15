package org.attention4j.engine.onnx.train;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.attention4j.engine.onnx.lower.GraphLowering;
import org.attention4j.engine.onnx.lower.Lowering;
import org.attention4j.engine.onnx.session.FileSession;
import org.attention4j.engine.onnx.session.LazyModel;
import org.attention4j.engine.onnx.session.OrtModel;
import org.attention4j.engine.onnx.session.OrtSettings;
import org.attention4j.engine.onnx.session.Signature;
import org.attention4j.error.EngineException;
import org.attention4j.error.NonFiniteException;
import org.attention4j.error.WeightsException;
import org.attention4j.graph.Graph;
import org.attention4j.spi.MicroBatches;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.StepResult;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.spi.TrainerState;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.jspecify.annotations.Nullable;

/**
 * Trains in ordinary ONNX Runtime, one graph for a whole step.
 *
 * <p>Weights and optimizer state live in two sets of buffers: a step reads one and writes the
 * other. Over one set ONNX Runtime would overwrite weights that later operators of the step still
 * read. One thread at a time.
 */
public final class OnnxTrainer implements Trainer {
  private static final String SEED = "dropout_seed";
  private static final String PARAMETER = ParametersAsInputs.PREFIX;

  private final Program program;
  private final TrainerOptions options;
  private final TrainingGraphs graphs;
  private final OrtSettings settings;
  private final OrtModel step;
  private final LazyModel gradients;
  private final LazyModel update;
  private final LazyModel evaluation;
  private Map<String, HostTensor> state = new LinkedHashMap<>();
  private Map<String, HostTensor> spare = new LinkedHashMap<>();
  private long steps;
  private long seed;

  /**
   * Copies the weights; optimizer state begins at zero.
   *
   * @throws EngineException if another precision than f32 is asked for
   */
  public OnnxTrainer(Program program, Weights weights, TrainerOptions options) {
    this(program, weights, options, null);
  }

  /** A trainer whose step is an exported file. */
  public static OnnxTrainer over(
      Path step, Program program, Weights weights, TrainerOptions options) {
    return new OnnxTrainer(program, weights, options, step);
  }

  private OnnxTrainer(
      Program program, Weights weights, TrainerOptions options, @Nullable Path stepFile) {
    if (options.precision() != DType.F32) {
      throw new EngineException(
          "engine 'onnx' trains in f32, not in " + options.precision().label());
    }
    if (options.recomputing()) {
      throw new EngineException(
          "engine 'onnx' has no activation checkpointing: ONNX Runtime merges what is computed"
              + " twice; use engine djl or reference");
    }
    this.program = program;
    this.options = options;
    this.seed = options.seed();
    this.settings =
        new OrtSettings(
            options.device(), options.threads(), 1, OrtSettings.Optimization.ALL, true, null);
    this.graphs = new TrainingGraphs(program, options.optimizer(), options.clipNorm());
    Parameters.check(graphs.forward(), weights);
    this.gradients = new LazyModel(() -> open(graphs.gradients()));
    this.update = new LazyModel(() -> open(graphs.update()));
    this.evaluation = new LazyModel(() -> open(graphs.evaluation()));
    adopt(weights, zeroSlots());
    this.step = stepFile == null ? open(graphs.step()) : FileSession.model(stepFile, settings);
  }

  private OrtModel open(Graph graph) {
    Lowering lowering = Lowering.inMemory(DType.F32);
    return OrtModel.open(
        GraphLowering.lower(graph, Weights.empty(), lowering),
        Signature.of(graph, lowering),
        settings);
  }

  private Map<String, HostTensor> zeroSlots() {
    Map<String, HostTensor> slots = new LinkedHashMap<>();
    for (String slot : options.optimizer().slots()) {
      graphs
          .trained()
          .forEach(
              (path, type) ->
                  slots.put(slot + "." + path, HostTensor.zeros(DType.F32, type.shape())));
    }
    return slots;
  }

  /** Copies everything into the first set of buffers and makes the second. */
  private void adopt(Weights weights, Map<String, HostTensor> slots) {
    Map<String, HostTensor> adopted = new LinkedHashMap<>();
    for (String path : graphs.forward().parameters().keySet()) {
      adopted.put(PARAMETER + path, weights.get(path).cast(DType.F32).copy());
    }
    slots.forEach((name, tensor) -> adopted.put(name, tensor.cast(DType.F32).copy()));
    Map<String, TensorType> trained = graphs.trained();
    Map<String, HostTensor> second = new LinkedHashMap<>();
    adopted.forEach(
        (name, tensor) -> {
          boolean frozen =
              name.startsWith(PARAMETER)
                  && !trained.containsKey(name.substring(PARAMETER.length()));
          second.put(name, frozen ? tensor : HostTensor.zeros(DType.F32, tensor.shape()));
        });
    state = adopted;
    spare = second;
  }

  @Override
  public StepResult step(List<Map<String, HostTensor>> microBatches) {
    List<MicroBatches.Part> parts = MicroBatches.of(program, microBatches).parts();
    double rate = options.optimizer().schedule().at(steps);
    HostTensor norm = HostTensor.scalar(0f);
    double loss =
        parts.size() == 1 ? oneGraph(parts.get(0), rate, norm) : accumulated(parts, rate, norm);
    Map<String, HostTensor> old = state;
    state = spare;
    spare = old;
    steps++;
    return new StepResult(steps, loss, norm.getDouble(0), rate);
  }

  /** Forward, backward and update in one run. */
  private double oneGraph(MicroBatches.Part part, double rate, HostTensor norm) {
    HostTensor loss = HostTensor.scalar(0f);
    Map<String, HostTensor> outputs = nextState(norm);
    outputs.put("loss", loss);
    step.run(clocked(fed(step, part.batch(), dropoutSeed(part.index())), step, rate), outputs);
    return finite(loss.getDouble(0));
  }

  /**
   * One backward run for each micro-batch, their weighted sum, and the update in a run of its own.
   */
  private double accumulated(List<MicroBatches.Part> parts, double rate, HostTensor norm) {
    GradientSum sum = new GradientSum();
    double loss = 0;
    for (MicroBatches.Part part : parts) {
      OrtModel model = gradients.get();
      Map<String, HostTensor> outputs =
          model.run(fed(model, part.batch(), dropoutSeed(part.index())));
      loss += scalar(outputs).getDouble(0) * part.share();
      sum.add(outputs, (float) part.share());
    }
    Map<String, HostTensor> inputs = new LinkedHashMap<>(state);
    inputs.putAll(sum.tensors());
    inputs.keySet().retainAll(update.get().signature().inputs().keySet());
    finite(loss);
    update.get().run(clocked(inputs, update.get(), rate), nextState(norm));
    return loss;
  }

  private static HostTensor scalar(Map<String, HostTensor> outputs) {
    return Objects.requireNonNull(outputs.get("loss"));
  }

  private double finite(double loss) {
    if (!Double.isFinite(loss)) {
      throw new NonFiniteException(
          "the loss is " + loss + " at step " + (steps + 1) + "; nothing was updated");
    }
    return loss;
  }

  private Map<String, HostTensor> nextState(HostTensor norm) {
    Map<String, HostTensor> outputs = new LinkedHashMap<>();
    outputs.put("gradient_norm", norm);
    spare.forEach(
        (name, tensor) -> {
          if (tensor != state.get(name)) { // frozen parameters have no next value
            outputs.put("next." + name, tensor);
          }
        });
    return outputs;
  }

  private Map<String, HostTensor> clocked(
      Map<String, HostTensor> inputs, OrtModel model, double rate) {
    Map<String, HostTensor> all = new LinkedHashMap<>(inputs);
    all.put("step", HostTensor.scalar(steps + 1));
    all.put("learning_rate", HostTensor.scalar(rate));
    all.keySet().retainAll(model.signature().inputs().keySet());
    return all;
  }

  private long dropoutSeed(int microBatch) {
    return TrainerOptions.dropoutSeed(seed, steps, microBatch);
  }

  /** A batch with the weights and, where the model has dropout, the seed of its masks. */
  private Map<String, HostTensor> fed(OrtModel model, Map<String, HostTensor> batch, long dropout) {
    program.checkNames(batch.keySet());
    Map<String, HostTensor> inputs = new LinkedHashMap<>(batch);
    inputs.putAll(state);
    inputs.put(SEED, HostTensor.scalar(dropout));
    inputs.keySet().retainAll(model.signature().inputs().keySet());
    return inputs;
  }

  @Override
  public Map<String, HostTensor> evaluate(Map<String, HostTensor> batch) {
    return evaluation.get().run(fed(evaluation.get(), batch, 0));
  }

  @Override
  public Map<String, HostTensor> gradients(Map<String, HostTensor> batch) {
    Map<String, HostTensor> results = new LinkedHashMap<>();
    gradients
        .get()
        .run(fed(gradients.get(), batch, dropoutSeed(0)))
        .forEach((name, value) -> results.put(name.replaceFirst("^grad\\.", ""), value));
    return results;
  }

  @Override
  public Weights weights() {
    Map<String, HostTensor> copies = new LinkedHashMap<>();
    for (String path : graphs.forward().parameters().keySet()) {
      copies.put(path, Objects.requireNonNull(state.get(PARAMETER + path)).copy());
    }
    return Weights.of(copies);
  }

  @Override
  public TrainerState state() {
    Map<String, HostTensor> slots = new LinkedHashMap<>();
    state.forEach(
        (name, tensor) -> {
          if (!name.startsWith(PARAMETER)) {
            slots.put(name, tensor.copy());
          }
        });
    return new TrainerState(steps, seed, weights(), slots);
  }

  @Override
  public void restore(TrainerState saved) {
    Parameters.check(graphs.forward(), saved.weights());
    Map<String, HostTensor> wanted = zeroSlots();
    if (!saved.slots().keySet().equals(wanted.keySet())) {
      throw new WeightsException(
          "the state is of another optimizer: it has "
              + saved.slots().keySet()
              + ", wanted "
              + wanted.keySet());
    }
    adopt(saved.weights(), saved.slots());
    steps = saved.step();
    seed = saved.seed();
  }

  @Override
  public String description() {
    return "onnx: a training step as one graph, " + settings.provider() + ", f32";
  }

  @Override
  public void close() {
    step.close();
    gradients.close();
    update.close();
    evaluation.close();
  }
}
