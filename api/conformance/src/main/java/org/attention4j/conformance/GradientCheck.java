package org.attention4j.conformance;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.attention4j.spi.Mode;
import org.attention4j.spi.Program;
import org.attention4j.spi.Trainer;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;

/** The gradients of a case, by the engine's own trainer. */
public record GradientCheck(Case test) implements Check {

  @Override
  public String name() {
    return test.name() + "/gradient";
  }

  @Override
  public Suite suite() {
    return test.expectation() instanceof Case.Recorded ? test.suite() : Suite.GRADIENTS;
  }

  @Override
  public Finding run(Bench bench) {
    String refusal = bench.abilities().refusal(test.precision(), Mode.TRAINING);
    if (!refusal.isEmpty()) {
      return Finding.skipped(refusal);
    }
    Random random = bench.random(test.name());
    Sample sample = test.data().draw(random);
    LossModel loss = LossModel.of(test, sample);
    Map<String, HostTensor> inputs = loss.inputs(sample, random);
    Weights weights = loss.weights(sample);
    Map<String, Target> targets = targets(loss, weights, inputs);
    Map<String, HostTensor> results;
    String description;
    try (Trainer trainer =
        bench
            .engine()
            .train(Program.of(loss), weights, Oracle.STILL.withPrecision(test.precision()))) {
      description = trainer.description();
      results = gradients(trainer, inputs, targets);
    }
    String difference = Comparison.of(targets, results, null);
    if (difference.isEmpty()) {
      return Finding.passed();
    }
    return Finding.failed(
        new FailureReport(test, bench, Mode.TRAINING)
            .text(
                name(),
                description,
                difference,
                () -> expandedPasses(bench, loss, weights, inputs, targets)));
  }

  private Map<String, Target> targets(
      LossModel loss, Weights weights, Map<String, HostTensor> inputs) {
    if (test.expectation() instanceof Case.Recorded recorded) {
      Map<String, Target> targets = new LinkedHashMap<>();
      recorded
          .gradients()
          .forEach(
              (name, target) ->
                  targets.put(
                      loss.varied().containsKey(name) ? LossModel.PARAMETER + name : name, target));
      return targets;
    }
    Program program = Program.of(loss);
    Map<String, HostTensor> oracle =
        new LinkedHashMap<>(Oracle.gradients(program, weights, inputs, DType.F64));
    Map<String, HostTensor> naive = Oracle.gradients(program, weights, inputs, test.precision());
    oracle.remove("loss");
    Case.Expectation rule =
        test.expectation() instanceof Case.Oracle ? test.expectation() : Case.Oracle.STRICT;
    return Oracle.targets(rule, test.precision(), true, oracle, naive);
  }

  /** What an engine leaves out, because nothing flows there, is zero. */
  private static Map<String, HostTensor> gradients(
      Trainer trainer, Map<String, HostTensor> inputs, Map<String, Target> targets) {
    Map<String, HostTensor> results = new LinkedHashMap<>(trainer.gradients(inputs));
    targets.forEach(
        (path, target) ->
            results.computeIfAbsent(
                path, p -> HostTensor.zeros(DType.F32, target.expected().shape())));
    return results;
  }

  private boolean expandedPasses(
      Bench bench,
      LossModel loss,
      Weights weights,
      Map<String, HostTensor> inputs,
      Map<String, Target> targets) {
    Program expanded = ExpandedModel.of(Program.of(loss));
    try (Trainer trainer =
        bench.engine().train(expanded, weights, Oracle.STILL.withPrecision(test.precision()))) {
      return Comparison.of(targets, gradients(trainer, inputs, targets), null).isEmpty();
    }
  }
}
