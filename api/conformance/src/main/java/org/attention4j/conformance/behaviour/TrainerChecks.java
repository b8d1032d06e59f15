package org.attention4j.conformance.behaviour;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.attention4j.conformance.Bench;
import org.attention4j.conformance.Check;
import org.attention4j.conformance.Suite;
import org.attention4j.reference.ReferenceEngine;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Mode;
import org.attention4j.spi.Program;
import org.attention4j.spi.StepResult;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.spi.TrainerState;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.train.AdamW;
import org.attention4j.train.ParameterGroup;
import org.attention4j.train.Schedule;
import org.attention4j.train.Sgd;
import org.attention4j.weights.Weights;

/** Trainers over several steps: against the float64 trainer, resumed, repeated. */
public final class TrainerChecks {
  private static final double CLOSE = 1e-4;
  private static final TrainerOptions DESCENT = TrainerOptions.of(Sgd.of(Schedule.constant(0.5)));

  private static final TrainerOptions F64_DESCENT = DESCENT.withPrecision(DType.F64);

  private TrainerChecks() {}

  /** All of them. */
  public static List<Check> all() {
    return List.of(
        check("gradients-do-not-accumulate", TrainerChecks::twoSteps),
        check("gradients-update-nothing", TrainerChecks::gradientsOnly),
        check("evaluation-updates-nothing", TrainerChecks::evaluation),
        check("micro-batches-are-averaged", TrainerChecks::microBatches),
        check("micro-batches-weigh-by-labels", TrainerChecks::unevenMicroBatches),
        check("clipped-steps", TrainerChecks::clipped),
        check("frozen-parameters", TrainerChecks::frozen),
        check("resume-is-bit-exact", TrainerChecks::resume),
        check("seed-repeats-dropout", TrainerChecks::seeds),
        check("dropout-is-the-reference's", TrainerChecks::dropout));
  }

  private static Check check(String name, Behaviour.Probe probe) {
    return new Behaviour("lifecycle/trainer/" + name, Suite.LIFECYCLE, Mode.TRAINING, probe);
  }

  private static List<Map<String, HostTensor>> batches(Bench bench, int count) {
    Random random = new Random(bench.seed());
    List<Map<String, HostTensor>> batches = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      batches.add(Fixture.lesson(random, 2, 5));
    }
    return batches;
  }

  /** Weights after steps, the losses under {@code loss 1}, {@code loss 2} .. */
  private static Map<String, HostTensor> run(
      Engine engine,
      TrainerOptions options,
      double dropout,
      long seed,
      List<List<Map<String, HostTensor>>> steps) {
    Program lessons = Fixture.lessons(dropout);
    try (Trainer trainer = engine.train(lessons, Fixture.weights(lessons, seed), options)) {
      Map<String, HostTensor> results = new LinkedHashMap<>();
      for (List<Map<String, HostTensor>> batch : steps) {
        StepResult result = trainer.step(batch);
        results.put("loss " + result.step(), HostTensor.scalar(result.loss()));
        results.put("norm " + result.step(), HostTensor.scalar(result.gradientNorm()));
      }
      results.putAll(trainer.weights().tensors());
      return results;
    }
  }

  private static String againstOracle(
      Bench bench,
      TrainerOptions options,
      double dropout,
      List<List<Map<String, HostTensor>>> steps) {
    Map<String, HostTensor> truth =
        run(new ReferenceEngine(), options.withPrecision(DType.F64), dropout, bench.seed(), steps);
    return Fixture.far(truth, run(bench.engine(), options, dropout, bench.seed(), steps), CLOSE);
  }

  private static String twoSteps(Bench bench) {
    List<Map<String, HostTensor>> batches = batches(bench, 2);
    List<List<Map<String, HostTensor>>> one = List.of(batches.subList(0, 1));
    String first = againstOracle(bench, DESCENT, 0, one);
    if (!first.isEmpty()) {
      return "after one step, " + first;
    }
    List<List<Map<String, HostTensor>>> two = List.of(batches.subList(0, 1), batches.subList(1, 2));
    String second = againstOracle(bench, DESCENT, 0, two);
    return second.isEmpty()
        ? ""
        : "the first step is right, the second is not: gradients accumulate? " + second;
  }

  private static String gradientsOnly(Bench bench) {
    Program lessons = Fixture.lessons(0);
    Weights start = Fixture.weights(lessons, bench.seed());
    Map<String, HostTensor> batch = batches(bench, 1).get(0);
    try (Trainer trainer = bench.engine().train(lessons, start, DESCENT)) {
      Map<String, HostTensor> first = trainer.gradients(batch);
      String far = Fixture.far(first, trainer.gradients(batch), 1e-6);
      if (!far.isEmpty()) {
        return "asked for twice, gradients accumulate: " + far;
      }
      String changed = Fixture.unequal(start.tensors(), trainer.weights().tensors());
      return changed.isEmpty() ? "" : "asking for gradients changed " + changed;
    }
  }

  private static String evaluation(Bench bench) {
    Program lessons = Fixture.lessons(0.3);
    Weights start = Fixture.weights(lessons, bench.seed());
    Map<String, HostTensor> batch = batches(bench, 1).get(0);
    try (Trainer trainer = bench.engine().train(lessons, start, DESCENT)) {
      Map<String, HostTensor> truth = Fixture.truth(lessons, start, batch);
      String far = Fixture.far(truth, trainer.evaluate(batch), CLOSE);
      if (!far.isEmpty()) {
        return "evaluation is without dropout: " + far;
      }
      String changed = Fixture.unequal(start.tensors(), trainer.weights().tensors());
      return changed.isEmpty() ? "" : "evaluation changed " + changed;
    }
  }

  private static String microBatches(Bench bench) {
    return againstOracle(bench, DESCENT, 0, List.of(batches(bench, 3), batches(bench, 2)));
  }

  /** A step over single rows that differ in labels is the step over all rows at once. */
  private static String unevenMicroBatches(Bench bench) {
    int time = 5;
    long[][] counted = {{4, 0, 1, 2, 3}, {7}, {}, {5, 6, 1}}; // one row has none
    Random random = new Random(bench.seed());
    long[] all = new long[counted.length * time];
    Arrays.fill(all, -100);
    HostTensor ids = Fixture.ids(random, counted.length, time);
    long[] tokens = new long[all.length];
    List<Map<String, HostTensor>> rows = new ArrayList<>();
    for (int i = 0; i < counted.length; i++) {
      System.arraycopy(counted[i], 0, all, i * time, counted[i].length);
      for (int k = i * time; k < (i + 1) * time; k++) {
        tokens[k] = ids.getLong(k);
      }
      long[] labels = Arrays.copyOfRange(all, i * time, (i + 1) * time);
      long[] row = Arrays.copyOfRange(tokens, i * time, (i + 1) * time);
      rows.add(lesson(row, labels, 1));
    }
    Map<String, HostTensor> whole = lesson(tokens, all, counted.length);
    Map<String, HostTensor> once =
        run(new ReferenceEngine(), F64_DESCENT, 0, bench.seed(), List.of(List.of(whole)));
    return Fixture.far(once, run(bench.engine(), DESCENT, 0, bench.seed(), List.of(rows)), CLOSE);
  }

  private static Map<String, HostTensor> lesson(long[] ids, long[] targets, int rows) {
    long time = ids.length / rows;
    return Map.of(
        "input_ids", HostTensor.of(ids, rows, time),
        "targets", HostTensor.of(targets, rows, time));
  }

  private static String clipped(Bench bench) {
    List<Map<String, HostTensor>> batches = batches(bench, 2);
    return againstOracle(
        bench, DESCENT.clip(0.1), 0, List.of(batches.subList(0, 1), batches.subList(1, 2)));
  }

  /** Only the parameters of one kind learn; clipping must not see the gradients of the others. */
  private static String frozen(Bench bench) {
    List<ParameterGroup> groups =
        List.of(ParameterGroup.frozen("(?!.*\\.bias$).*"), ParameterGroup.all(0.1));
    Sgd descent = new Sgd(Schedule.constant(0.5), 0.9, false, groups); // keeps a slot
    TrainerOptions options = TrainerOptions.of(descent).clip(0.1);
    List<Map<String, HostTensor>> batches = batches(bench, 2);
    String far =
        againstOracle(bench, options, 0, List.of(batches.subList(0, 1), batches.subList(1, 2)));
    if (!far.isEmpty()) {
      return far;
    }
    Program lessons = Fixture.lessons(0);
    Weights start = Fixture.weights(lessons, bench.seed());
    try (Trainer trainer = bench.engine().train(lessons, start, options)) {
      trainer.step(batches.get(0));
      TrainerState state = trainer.state();
      Map<String, HostTensor> gradients = trainer.gradients(batches.get(1));
      for (String path : start.names()) {
        boolean trained = path.endsWith(".bias");
        boolean moved = !start.get(path).equalsExactly(state.weights().get(path));
        if (moved != trained) {
          return path + (trained ? " did not learn" : " is frozen, but changed");
        }
        boolean kept =
            gradients.containsKey(path)
                || state.slots().keySet().stream().anyMatch(slot -> slot.endsWith("." + path));
        if (!trained && kept) {
          return path + " is frozen, but has a gradient or optimizer state";
        }
      }
    }
    return "";
  }

  private static String resume(Bench bench) {
    Program lessons = Fixture.lessons(0.2);
    TrainerOptions options = TrainerOptions.of(AdamW.lr(1e-2)).withSeed(7);
    List<Map<String, HostTensor>> batches = batches(bench, 4);
    Weights start = Fixture.weights(lessons, bench.seed());
    TrainerState half;
    Map<String, HostTensor> expected;
    try (Trainer trainer = bench.engine().train(lessons, start, options)) {
      trainer.step(batches.get(0));
      trainer.step(batches.get(1));
      half = trainer.state();
      trainer.step(batches.get(2));
      trainer.step(batches.get(3));
      expected = trainer.weights().tensors();
    }
    Weights other = Fixture.weights(lessons, bench.seed() + 1);
    try (Trainer trainer = bench.engine().train(lessons, other, options.withSeed(8))) {
      trainer.restore(half);
      trainer.step(batches.get(2));
      StepResult last = trainer.step(batches.get(3));
      if (last.step() != 4) {
        return "after the resume the fourth step is counted as " + last.step();
      }
      return Fixture.unequal(expected, trainer.weights().tensors());
    }
  }

  private static String seeds(Bench bench) {
    List<List<Map<String, HostTensor>>> steps = List.of(batches(bench, 1), batches(bench, 1));
    Map<String, HostTensor> one =
        run(bench.engine(), DESCENT.withSeed(3), 0.4, bench.seed(), steps);
    Map<String, HostTensor> same =
        run(bench.engine(), DESCENT.withSeed(3), 0.4, bench.seed(), steps);
    String problem = Fixture.unequal(one, same);
    if (!problem.isEmpty()) {
      return "the same seed gave another run: " + problem;
    }
    Map<String, HostTensor> other =
        run(bench.engine(), DESCENT.withSeed(4), 0.4, bench.seed(), steps);
    return Fixture.unequal(one, other).isEmpty() ? "another seed gave the same run" : "";
  }

  private static String dropout(Bench bench) {
    List<Map<String, HostTensor>> batches = batches(bench, 2);
    return againstOracle(
        bench, DESCENT.withSeed(5), 0.3, List.of(batches.subList(0, 1), batches.subList(1, 2)));
  }
}
