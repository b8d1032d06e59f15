package org.attention4j.spi;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.attention4j.error.NonFiniteException;
import org.attention4j.error.UsageException;
import org.attention4j.error.WeightsException;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.train.UpdateModel;
import org.attention4j.weights.Weights;
import org.jspecify.annotations.Nullable;

/**
 * A trainer for any eager executor: gradients by graph transformation, the optimizer as a graph. It
 * owns the executor.
 */
public final class GraphTrainer implements Trainer {
  private static final String SEED = "dropout_seed";

  private final Program program;
  private final TrainerOptions options;
  private final EagerExecutor executor;
  private final String description;
  private final GraphRunner gradient;
  private final GraphRunner evaluation;
  private final GraphRunner update;
  private final List<String> slots;
  private Map<String, Tensor> parameters;
  private Map<String, Tensor> state = new LinkedHashMap<>();
  private long steps;
  private long seed;

  /** Uploads the weights; optimizer state begins at zero. */
  public GraphTrainer(
      Program program,
      Weights weights,
      TrainerOptions options,
      EagerExecutor executor,
      String description) {
    this.program = program;
    this.options = options;
    this.executor = executor;
    this.description = description;
    this.seed = options.seed();
    TraceOptions tracing = TraceOptions.primitives().keeping(executor::claims);
    Graph forward = program.graph(tracing.forTraining(true));
    Parameters.check(forward, weights);
    Graph gradients = forward.gradient("loss", executor::claims, options.optimizer()::trains);
    Graph back = options.recomputing() ? gradients.recomputing(null) : gradients;
    this.gradient = new GraphRunner(back, executor);
    this.evaluation = new GraphRunner(program.graph(tracing), executor);
    this.slots = options.optimizer().slots();
    Map<String, TensorType> trained = new LinkedHashMap<>(back.parameterTypes());
    trained.keySet().removeIf(path -> !back.outputs().containsKey("grad." + path));
    UpdateModel updates = new UpdateModel(trained, options.optimizer(), options.clipNorm());
    this.update = new GraphRunner(Program.of(updates).graph(tracing), executor);
    this.parameters = upload(weights.tensors(), back.parameterTypes());
    Map<String, TensorType> slotTypes = slotTypes();
    Map<String, HostTensor> zeros = new LinkedHashMap<>();
    slotTypes.forEach((name, type) -> zeros.put(name, HostTensor.zeros(DType.F32, type.shape())));
    this.state = upload(zeros, slotTypes);
  }

  private Map<String, TensorType> slotTypes() {
    Map<String, TensorType> types = new LinkedHashMap<>(update.graph().inputTypes());
    types.keySet().removeIf(name -> slots.stream().noneMatch(s -> name.startsWith(s + ".")));
    return types;
  }

  private Map<String, Tensor> upload(
      Map<String, HostTensor> values, Map<String, TensorType> types) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    types.forEach(
        (name, type) -> {
          HostTensor value = Objects.requireNonNull(values.get(name));
          tensors.put(name, new Tensor(type, executor, executor.upload(value, type)));
        });
    return tensors;
  }

  @Override
  public StepResult step(List<Map<String, HostTensor>> microBatches) {
    @Nullable Map<String, Tensor> sum = null;
    double loss = 0;
    for (MicroBatches.Part part : MicroBatches.of(program, microBatches).parts()) {
      Map<String, Tensor> outputs = runTraining(gradient, part.batch(), dropoutSeed(part.index()));
      loss += scalar(outputs, "loss") * part.share();
      sum = accumulate(sum, outputs, part.share());
    }
    if (!Double.isFinite(loss)) {
      throw new NonFiniteException(
          "the loss is " + loss + " at step " + (steps + 1) + "; nothing was updated");
    }
    double rate = options.optimizer().schedule().at(steps);
    Map<String, Tensor> inputs = new LinkedHashMap<>(Objects.requireNonNull(sum));
    inputs.putAll(state);
    parameters.forEach((path, tensor) -> inputs.put("param." + path, tensor));
    inputs.keySet().removeIf(name -> !update.graph().inputs().containsKey(name));
    Map<String, HostTensor> clock =
        Map.of(
            "step", HostTensor.scalar(steps + 1),
            "learning_rate", HostTensor.scalar(rate)); // f64: an oracle must not round it
    clock.forEach(
        (name, value) -> { // plain descent does not ask for the step
          if (update.graph().inputs().containsKey(name)) {
            inputs.put(name, update.upload(name, value));
          }
        });
    Map<String, Tensor> next = update.run(Map.of(), inputs);
    double norm = scalar(next, "gradient_norm");
    adopt(next);
    sum.values().forEach(t -> executor.release(t.handle()));
    steps++;
    return new StepResult(steps, loss, norm, rate);
  }

  private long dropoutSeed(int microBatch) {
    return TrainerOptions.dropoutSeed(seed, steps, microBatch);
  }

  private Map<String, Tensor> runTraining(
      GraphRunner target, Map<String, HostTensor> batch, long dropout) {
    program.checkNames(batch.keySet());
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    batch.forEach(
        (name, value) -> {
          if (target.graph().inputs().containsKey(name)) {
            inputs.put(name, target.upload(name, value));
          }
        });
    if (target.graph().inputs().containsKey(SEED)) {
      inputs.put(SEED, target.upload(SEED, HostTensor.scalar(dropout)));
    }
    Map<String, Tensor> outputs = target.run(parameters, inputs);
    inputs.values().forEach(t -> executor.release(t.handle()));
    return outputs;
  }

  private double scalar(Map<String, Tensor> outputs, String name) {
    Tensor tensor = outputs.get(name);
    if (tensor == null) {
      throw new UsageException("training needs a model with a scalar output '" + name + "'");
    }
    return executor.download(tensor.handle(), tensor.type()).getDouble(0);
  }

  private Map<String, Tensor> accumulate(
      @Nullable Map<String, Tensor> sum, Map<String, Tensor> outputs, double weight) {
    Map<String, Tensor> result = new LinkedHashMap<>();
    outputs.forEach(
        (name, tensor) -> {
          if (!name.startsWith("grad.")) {
            executor.release(tensor.handle());
            return;
          }
          Tensor part = weight == 1 ? tensor : tensor.mul(weight);
          Tensor total = sum == null ? part : Objects.requireNonNull(sum.get(name)).add(part);
          result.put(name, total);
        });
    return result;
  }

  private void adopt(Map<String, Tensor> next) {
    parameters = replaced(parameters, next, "next.param.");
    state = replaced(state, next, "next.");
  }

  private Map<String, Tensor> replaced(
      Map<String, Tensor> old, Map<String, Tensor> next, String prefix) {
    Map<String, Tensor> result = new LinkedHashMap<>();
    old.forEach(
        (name, tensor) -> {
          Tensor fresh = next.get(prefix + name);
          if (fresh != null) {
            executor.release(tensor.handle());
          }
          result.put(name, fresh == null ? tensor : fresh);
        });
    return result;
  }

  @Override
  public Map<String, HostTensor> evaluate(Map<String, HostTensor> batch) {
    return download(runTraining(evaluation, batch, 0));
  }

  @Override
  public Map<String, HostTensor> gradients(Map<String, HostTensor> batch) {
    Map<String, HostTensor> results = new LinkedHashMap<>();
    download(runTraining(gradient, batch, dropoutSeed(0)))
        .forEach((name, value) -> results.put(name.replaceFirst("^grad\\.", ""), value));
    return results;
  }

  private Map<String, HostTensor> download(Map<String, Tensor> tensors) {
    Map<String, HostTensor> results = new LinkedHashMap<>();
    tensors.forEach((name, t) -> results.put(name, executor.download(t.handle(), t.type())));
    return results;
  }

  @Override
  public Weights weights() {
    return Weights.of(download(parameters));
  }

  @Override
  public TrainerState state() {
    return new TrainerState(steps, seed, weights(), download(state));
  }

  @Override
  public void restore(TrainerState saved) {
    Parameters.check(gradient.graph(), saved.weights());
    Map<String, TensorType> slotTypes = slotTypes();
    if (!saved.slots().keySet().equals(slotTypes.keySet())) {
      throw new WeightsException(
          "the state is of another optimizer: it has "
              + saved.slots().keySet()
              + ", wanted "
              + slotTypes.keySet());
    }
    final Map<String, Tensor> oldParameters = parameters;
    final Map<String, Tensor> oldState = state;
    parameters = upload(saved.weights().tensors(), gradient.graph().parameterTypes());
    state = upload(saved.slots(), slotTypes);
    oldParameters.values().forEach(t -> executor.release(t.handle()));
    oldState.values().forEach(t -> executor.release(t.handle()));
    steps = saved.step();
    seed = saved.seed();
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public void close() {
    executor.close();
  }
}
