package org.attention4j.conformance.golden;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.attention4j.conformance.Bench;
import org.attention4j.conformance.Check;
import org.attention4j.conformance.Comparison;
import org.attention4j.conformance.Finding;
import org.attention4j.conformance.Suite;
import org.attention4j.conformance.Target;
import org.attention4j.nn.Init;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.spi.Mode;
import org.attention4j.spi.Program;
import org.attention4j.spi.StepResult;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.jspecify.annotations.Nullable;

/**
 * A recorded optimizer. The loss is the sum of parameters times inputs, so that the inputs are the
 * gradients, and the engine's own trainer must follow the recorded parameters step by step.
 */
record OptimizerCheck(GoldenFile file, TrainerOptions options) implements Check {
  private static final List<String> PARAMETERS = List.of("a", "b", "c");

  static Optional<OptimizerCheck> of(GoldenFile file) {
    return Optimizers.of(file.info()).map(options -> new OptimizerCheck(file, options));
  }

  @Override
  public String name() {
    return file.title();
  }

  @Override
  public Suite suite() {
    return Suite.GOLDEN;
  }

  @Override
  public Finding run(Bench bench) {
    String refusal = bench.abilities().refusal(DType.F32, Mode.TRAINING);
    if (!refusal.isEmpty()) {
      return Finding.skipped(refusal);
    }
    Map<String, HostTensor> start = new LinkedHashMap<>();
    for (String parameter : parameters()) {
      start.put(parameter, file.input(parameter));
    }
    Map<String, Target> targets = new LinkedHashMap<>();
    Map<String, HostTensor> results = new LinkedHashMap<>();
    try (Trainer trainer =
        bench.engine().train(Program.of(new Linear(start)), Weights.of(start), options)) {
      long steps = file.info().get("steps").asLong();
      for (int step = 1; step <= steps; step++) {
        StepResult result = trainer.step(gradients(step));
        scalar(targets, results, "lrs", step, result.learningRate());
        scalar(targets, results, "grad_norms", step, result.gradientNorm());
        Weights weights = trainer.weights();
        for (String parameter : parameters()) {
          String key = "step" + step + "." + parameter;
          targets.put(key, file.target("out." + key));
          results.put(key, weights.get(parameter));
        }
      }
      String difference = Comparison.of(targets, results, null);
      return difference.isEmpty()
          ? Finding.passed()
          : Finding.failed(report(bench, trainer.description(), difference));
    }
  }

  private List<String> parameters() {
    return PARAMETERS.stream().filter(file::has).toList();
  }

  private Map<String, HostTensor> gradients(int step) {
    Map<String, HostTensor> inputs = new LinkedHashMap<>();
    for (String parameter : parameters()) {
      inputs.put("grad." + parameter, file.input("grad.step" + step + "." + parameter));
    }
    return inputs;
  }

  /** One element of a recorded series of scalars. */
  private void scalar(
      Map<String, Target> targets,
      Map<String, HostTensor> results,
      String series,
      int step,
      double value) {
    if (!file.truth().has("out." + series)) {
      return;
    }
    Target all = file.target("out." + series);
    String key = series + "[" + (step - 1) + "]";
    HostTensor expected = HostTensor.scalar(all.expected().getDouble(step - 1));
    targets.put(key, new Target(expected, all.limit(), all.source()));
    results.put(key, HostTensor.scalar((float) value));
  }

  private String report(Bench bench, String description, String difference) {
    return name()
        + " ["
        + file.op()
        + "] engine="
        + bench.engine().name()
        + " ("
        + description
        + ")\n"
        + difference
        + "  reproduce: "
        + bench.reproduce(name());
  }

  private record Linear(Map<String, HostTensor> start) implements Model {
    @Override
    public Map<String, TensorType> inputs() {
      Map<String, TensorType> inputs = new LinkedHashMap<>();
      start.forEach(
          (path, value) ->
              inputs.put("grad." + path, TensorType.ofShape(DType.F32, value.shape())));
      return inputs;
    }

    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
      @Nullable Tensor loss = null;
      for (String path : start.keySet()) {
        Tensor gradient = inputs.get("grad." + path);
        Tensor parameter = scope.param(path, Init.zeros(), gradient.type().dims().toArray());
        Tensor part = parameter.mul(gradient).sumTo(List.of());
        loss = loss == null ? part : loss.add(part);
      }
      return Map.of("loss", Objects.requireNonNull(loss));
    }
  }
}
