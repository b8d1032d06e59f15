package org.attention4j.engine.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.attention4j.error.Count;
import org.attention4j.error.EngineException;
import org.attention4j.error.NonFiniteException;
import org.attention4j.error.UsageException;
import org.attention4j.spi.MicroBatches;
import org.attention4j.spi.Program;
import org.attention4j.spi.StepResult;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.spi.TrainerState;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.jspecify.annotations.Nullable;

/**
 * Trains with PyTorch: loss, gradient and update are one call of a {@link TrainerScript}, on the
 * {@link TrainingArrays} that it updates in place.
 */
final class DjlTrainer implements Trainer {
  private static final String SEED = "dropout_seed";
  private static final Set<String> DIFFERENTIATING = Set.of("gradients", "accumulate", "step");

  private final PyTorch pytorch;
  private final Program program;
  private final TrainerOptions options;
  private final Precision precision;
  private final AttentionChoice attention;
  private final TrainingGraphs graphs;
  private final NDManager manager;
  private final TrainerScript script;
  private final TorchProgram torch;
  private final GraphInputs inputs;
  private final NDList constants;
  private final NDList optimizerConstants;
  private final TrainingArrays arrays;
  private final Shards shards;
  private final @Nullable ShardedUpdate shardedUpdate;
  private final GradientSums sums;
  private @Nullable CompiledGraph evaluation;
  private long steps;
  private long seed;
  private boolean closed;

  DjlTrainer(
      PyTorch pytorch,
      Program program,
      Weights weights,
      TrainerOptions options,
      Precision precision) {
    this.pytorch = pytorch;
    this.program = program;
    this.options = options;
    this.precision = precision;
    this.seed = options.seed();
    this.shards = Shards.of(options.properties(), pytorch.threadCount(options.threads()));
    this.attention = AttentionChoice.of(options.properties(), options.device(), precision);
    this.graphs = TrainingGraphs.of(program, weights, options, attention);
    this.script =
        new TrainerScript(
            graphs.differentiated(),
            graphs.trained(),
            graphs.autograd(),
            graphs.training(),
            options.optimizer(),
            options.clipNorm(),
            precision,
            options.device());
    this.shardedUpdate = shardedUpdate();
    this.inputs = new GraphInputs(script.forward().graph(), precision);
    this.manager = pytorch.manager(options.device());
    try {
      this.sums = new GradientSums(manager);
      this.torch = TorchProgram.load(manager, script.source());
      this.constants = CompiledGraph.constants(manager, script.forward().constants(), precision);
      this.optimizerConstants =
          CompiledGraph.constants(manager, script.optimizerConstants(), precision);
      this.arrays =
          new TrainingArrays(
              manager, script, graphs.evaluation(), options.optimizer(), precision.real());
      arrays.begin(weights);
    } catch (RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  @Override
  public StepResult step(List<Map<String, HostTensor>> microBatches) {
    List<Map<String, HostTensor>> batches = new ArrayList<>();
    for (Map<String, HostTensor> batch : microBatches) {
      check(batch);
      batches.addAll(shards.active() ? shards.cut(batch) : List.of(batch));
    }
    List<MicroBatches.Part> parts = MicroBatches.of(program, batches).parts();
    parts.forEach(part -> check(part.batch()));
    // with workers one, for the update, too: OpenMP's threads would wait actively beside them
    enter(shards.active() ? 1 : options.threads());
    double rate = options.optimizer().schedule().at(steps);
    try (NDManager scratch = manager.newSubManager()) {
      NDList numbers = numbers(scratch, rate, 1);
      double loss;
      NDList updated;
      if (parts.size() == 1 && !shards.active()) {
        NDList x = borrow(scratch, parts.get(0));
        NDList results =
            call(
                scratch,
                "step",
                List.of(
                    arrays.ofLoss(), x, constants, arrays.slots(), numbers, optimizerConstants));
        loss = number(results.get(0));
        updated = results.subNDList(1);
      } else {
        loss = accumulate(parts, scratch);
        updated = update(scratch, numbers);
      }
      requireFinite(loss, updated.get(1).getBoolean(), number(updated.get(0)));
      steps++;
      return new StepResult(steps, loss, number(updated.get(0)), rate);
    }
  }

  /** From the workers' sums of gradients; the norm and whether it is finite come first. */
  private NDList update(NDManager scratch, NDList numbers) {
    if (shardedUpdate != null) {
      return shardedUpdate.run(scratch, arrays.trained(), sums.all(), arrays.slots(), numbers);
    }
    NDList sum = sums.all().get(0);
    for (NDList more : sums.all().subList(1, sums.all().size())) {
      call(scratch, "merge", List.of(sum, more));
    }
    return call(
        scratch,
        "update",
        List.of(arrays.ofLoss(), sum, arrays.slots(), numbers, optimizerConstants));
  }

  /** Null where the update is done in one piece. */
  private @Nullable ShardedUpdate shardedUpdate() {
    if (!shards.active() || script.groups().isEmpty()) {
      return null;
    }
    Map<String, TensorType> types = script.forward().graph().parameterTypes();
    long[] sizes =
        script.trained().stream()
            .mapToLong(path -> Objects.requireNonNull(types.get(path)).count().longSize())
            .toArray();
    return new ShardedUpdate(shards, script.groups(), sizes, this::call);
  }

  /** Applies the thread count to the calling thread, and refuses a closed trainer. */
  private void enter() {
    enter(options.threads());
  }

  /** The same with another count: a step sets it once, as changing it costs PyTorch work. */
  private void enter(int threads) {
    if (closed) {
      throw new UsageException("this trainer is closed");
    }
    pytorch.threads(threads);
  }

  private void requireFinite(double loss, boolean finite, double norm) {
    if (!Double.isFinite(loss) || !finite) {
      throw new NonFiniteException(
          "at step "
              + (steps + 1)
              + " the loss is "
              + loss
              + " and the gradient's norm "
              + norm
              + "; nothing was updated");
    }
  }

  private double accumulate(List<MicroBatches.Part> parts, NDManager scratch) {
    try {
      return shards.active() ? accumulateShards(parts) : accumulateInTurn(parts, scratch);
    } catch (RuntimeException e) { // what was added must not be part of the next step
      sums.drop();
      throw e;
    }
  }

  private double accumulateInTurn(List<MicroBatches.Part> parts, NDManager scratch) {
    NDList sum = sums.of(1, arrays.trained()).get(0);
    double loss = 0;
    for (MicroBatches.Part part : parts) {
      loss += accumulate(part, sum, scratch);
    }
    return loss;
  }

  /** Adds a part's gradients, and returns its share of the loss. */
  private double accumulate(MicroBatches.Part part, NDList gradients, NDManager scratch) {
    try (NDManager inner = scratch.newSubManager()) {
      NDList numbers = numbers(inner, 0, part.share());
      NDList x = borrow(inner, part);
      NDList results =
          call(inner, "accumulate", List.of(arrays.ofLoss(), x, constants, gradients, numbers));
      return number(results.get(0)) * part.share();
    }
  }

  /** Each worker sums its parts' gradients; the update adds the sums in the workers' order. */
  private double accumulateShards(List<MicroBatches.Part> parts) {
    List<NDList> gradients = sums.of(shards.workers(), arrays.trained());
    List<Double> losses =
        shards.run(
            parts,
            (worker, part) -> {
              pytorch.threads(1);
              try (NDManager own = manager.newSubManager()) {
                return accumulate(part, gradients.get(worker), own);
              }
            });
    return losses.stream().mapToDouble(d -> d).sum();
  }

  private NDList call(NDManager results, String method, List<NDList> arguments) {
    try {
      boolean differentiates = graphs.autograd() && DIFFERENTIATING.contains(method);
      return differentiates
          ? torch.differentiate(results, method, arguments)
          : torch.infer(results, method, arguments);
    } catch (EngineException e) {
      throw script.forward().explain(e);
    }
  }

  private NDList numbers(NDManager scratch, double rate, double weight) {
    NDArray update = scratch.create((float) (steps + 1));
    return new NDList(update, scratch.create(rate), scratch.create(weight));
  }

  private static double number(NDArray scalar) {
    return scalar.getDataType() == DataType.FLOAT64 ? scalar.getDouble() : scalar.getFloat();
  }

  private void check(Map<String, HostTensor> batch) {
    program.checkNames(batch.keySet());
    Map<String, long[]> shapes = GraphInputs.shapes(batch);
    shapes.put(SEED, new long[0]);
    inputs.check(batch, shapes);
  }

  private NDList borrow(NDManager scratch, MicroBatches.Part part) {
    Map<String, HostTensor> values = new LinkedHashMap<>(part.batch());
    long dropout = TrainerOptions.dropoutSeed(seed, steps, part.index());
    values.put(SEED, HostTensor.scalar(dropout));
    return inputs.borrow(scratch, values);
  }

  @Override
  public Map<String, HostTensor> evaluate(Map<String, HostTensor> batch) {
    enter();
    CompiledGraph graph = evaluation();
    program.checkNames(batch.keySet());
    graph.inputs().check(batch, GraphInputs.shapes(batch));
    try (NDManager scratch = manager.newSubManager()) {
      NDList values = graph.inputs().borrow(scratch, batch);
      Map<String, HostTensor> results = new LinkedHashMap<>();
      graph
          .run(scratch, values)
          .forEach((name, array) -> results.put(name, graph.fetch(name, array)));
      return results;
    }
  }

  private CompiledGraph evaluation() {
    CompiledGraph result = evaluation;
    if (result == null) {
      result =
          new CompiledGraph(
              manager,
              graphs.evaluation(),
              precision,
              options.device(),
              graphs.inference(),
              arrays.parameters());
      evaluation = result;
    }
    return result;
  }

  @Override
  public Map<String, HostTensor> gradients(Map<String, HostTensor> batch) {
    check(batch);
    enter();
    try (NDManager scratch = manager.newSubManager()) {
      NDList x = borrow(scratch, new MicroBatches.Part(0, batch, 1));
      NDList results =
          call(
              scratch, "gradients", List.of(arrays.ofLoss(), x, constants, numbers(scratch, 0, 1)));
      Map<String, HostTensor> named = new LinkedHashMap<>();
      named.put(TrainingGraphs.LOSS, HostArrays.fetch(results.get(0)));
      for (int i = 0; i < script.trained().size(); i++) {
        named.put(script.trained().get(i), HostArrays.fetch(results.get(i + 1)));
      }
      return named;
    }
  }

  @Override
  public Weights weights() {
    enter();
    return arrays.weights();
  }

  @Override
  public TrainerState state() {
    enter();
    return arrays.state(steps, seed);
  }

  @Override
  public void restore(TrainerState saved) {
    enter();
    arrays.restore(saved);
    evaluation = null; // it refers to the old arrays
    steps = saved.step();
    seed = saved.seed();
  }

  @Override
  public String description() {
    return "djl: PyTorch "
        + pytorch.version()
        + " on "
        + options.device()
        + ", "
        + (precision.isMixed() ? "bf16 products, rest f32" : precision.real().label())
        + ", "
        + Count.of(pytorch.threadCount(options.threads()), "thread")
        + ", loss, gradient and update compiled to TorchScript, "
        + attention
        + (options.recomputing() ? ", activations computed again in the backward pass" : "")
        + (shards.active()
            ? ", each batch cut into " + shards.parts() + " for " + shards.workers() + " workers"
            : "");
  }

  @Override
  public void close() {
    closed = true;
    shards.close();
    manager.close();
  }
}
