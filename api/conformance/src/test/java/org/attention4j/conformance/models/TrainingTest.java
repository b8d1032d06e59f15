package org.attention4j.conformance.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.nn.Model;
import org.attention4j.reference.ReferenceEngine;
import org.attention4j.reference.ReferenceExecutor;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.train.AdamW;
import org.attention4j.train.NextToken;
import org.attention4j.train.Schedule;
import org.attention4j.train.Sgd;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole models on the reference trainer and their gradient graphs. */
final class TrainingTest {

  /** A model with a loss, and a batch for it. */
  record Case(String name, Program program, Map<String, HostTensor> batch) {
    static Case of(String name, Model model, String tokens, int vocabulary) {
      Map<String, HostTensor> batch = new LinkedHashMap<>();
      if (!tokens.equals("input_ids")) {
        batch.put("input_ids", Runs.ids(vocabulary, 1, 2, 4));
      }
      batch.put(tokens, Runs.ids(vocabulary, 2, 2, 5));
      batch.put("targets", Runs.ids(vocabulary, 3, 2, 5));
      return new Case(name, Program.of(new NextToken(model)), batch);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Case> cases() {
    return Stream.of(
        Case.of("gpt", TinyGpt.standard(), "input_ids", 13),
        Case.of("gpt with dropout", TinyGpt.standard().dropping(0.3), "input_ids", 13),
        Case.of("mixed", TinyMixed.standard(), "input_ids", 17),
        Case.of("bert", TinyBert.standard(), "input_ids", 13),
        Case.of("translator", TinyTranslator.standard(), "decoder_input_ids", 11),
        Case.of("t5", TinyT5.standard(), "decoder_input_ids", 11));
  }

  /** Along a random direction of each parameter, with dropout on; composites expanded and whole. */
  @ParameterizedTest
  @MethodSource("cases")
  void gradientsEqualDifferencesAlongDirections(Case c) {
    ReferenceExecutor executor = new ReferenceExecutor(DType.F64);
    Map<String, HostTensor> batch = Runs.with(c.batch, "dropout_seed", HostTensor.scalar(99L));
    Weights weights = doubles(Runs.weights(c.program, 7));
    for (boolean whole : new boolean[] {false, true}) {
      Graph graph =
          c.program.graph(
              TraceOptions.primitives().forTraining(true).keeping((op, types) -> whole));
      Map<String, HostTensor> gradient =
          Runs.run(graph.gradient("loss", (op, types) -> whole), weights, batch, executor);
      Graph loss = graph.withOutputs(List.of("loss"));
      for (String path : loss.parameters().keySet()) {
        double h = 1e-5;
        double[] direction = direction(weights.get(path), path);
        double above = loss(loss, moved(weights, path, direction, h), batch, executor);
        double below = loss(loss, moved(weights, path, direction, -h), batch, executor);
        double expected = (above - below) / (2 * h);
        double got = 0;
        HostTensor grad = Runs.get(gradient, "grad." + path);
        for (int i = 0; i < direction.length; i++) {
          got += grad.getDouble(i) * direction[i];
        }
        assertEquals(expected, got, 1e-7 * Math.max(1, Math.abs(expected)), path);
      }
    }
  }

  private static Weights doubles(Weights weights) {
    return weights.map((path, tensor) -> tensor.cast(DType.F64));
  }

  private static double[] direction(HostTensor like, String path) {
    Random random = new Random(path.hashCode());
    return random.doubles(like.size(), -1, 1).toArray();
  }

  private static Weights moved(Weights weights, String path, double[] direction, double by) {
    return weights.map(
        (name, tensor) -> {
          if (!name.equals(path)) {
            return tensor;
          }
          HostTensor result = tensor.copy();
          for (int i = 0; i < direction.length; i++) {
            result.set(i, tensor.getDouble(i) + by * direction[i]);
          }
          return result;
        });
  }

  private static double loss(
      Graph graph, Weights weights, Map<String, HostTensor> batch, ReferenceExecutor executor) {
    return Runs.get(Runs.run(graph, weights, batch, executor), "loss").getDouble(0);
  }

  /** Counting modulo 13 from a random start. */
  private static Map<String, HostTensor> counting(Random random, int batch, int time) {
    HostTensor ids = HostTensor.zeros(DType.I64, batch, time);
    HostTensor targets = HostTensor.zeros(DType.I64, batch, time);
    for (int b = 0; b < batch; b++) {
      int start = random.nextInt(13);
      for (int t = 0; t < time; t++) {
        ids.set((long) b * time + t, (long) (start + t) % 13);
        targets.set((long) b * time + t, (long) (start + t + 1) % 13);
      }
    }
    return Map.of("input_ids", ids, "targets", targets);
  }

  @Test
  void aSmallGptLearnsToCount() {
    Program program = Program.of(new NextToken(TinyGpt.standard()));
    TrainerOptions options = TrainerOptions.of(AdamW.lr(1e-2)).clip(1);
    Random random = new Random(3);
    try (Trainer trainer =
        new ReferenceEngine().train(program, Parameters.init(program, 1), options)) {
      double first = trainer.step(counting(random, 4, 8)).loss();
      assertEquals(Math.log(13), first, 0.1); // it knows nothing yet
      double last = first;
      for (int i = 0; i < 150; i++) {
        last = trainer.step(counting(random, 4, 8)).loss();
      }
      assertTrue(last < 0.2, "loss " + last);
      double held = Runs.get(trainer.evaluate(counting(new Random(99), 8, 8)), "loss").getDouble(0);
      assertTrue(held < 0.2, "held-out loss " + held);
    }
  }

  @Test
  void twoStepsOfAccumulatedMicroBatchesEqualTwoOfTheFullBatch() {
    Program program = Program.of(new NextToken(TinyGpt.standard()));
    Weights start = Runs.weights(program, 5);
    TrainerOptions options = TrainerOptions.of(AdamW.lr(1e-2)).clip(0.5).withPrecision(DType.F64);
    Map<String, HostTensor> full = counting(new Random(8), 4, 6);
    List<Map<String, HostTensor>> halves = List.of(part(full, 0, 2), part(full, 2, 4));
    try (Trainer whole = new ReferenceEngine().train(program, start, options);
        Trainer accumulated = new ReferenceEngine().train(program, start, options)) {
      for (int i = 0; i < 2; i++) {
        assertEquals(whole.step(full).loss(), accumulated.step(halves).loss(), 1e-12);
      }
      Weights expected = whole.weights();
      accumulated
          .weights()
          .tensors()
          .forEach((path, got) -> Runs.assertClose(expected.get(path), got, 1e-9, path));
    }
  }

  private static Map<String, HostTensor> part(Map<String, HostTensor> batch, int from, int to) {
    Map<String, HostTensor> part = new LinkedHashMap<>();
    batch.forEach(
        (name, tensor) -> {
          int time = (int) tensor.dim(1);
          HostTensor rows = HostTensor.zeros(DType.I64, to - from, time);
          for (int i = 0; i < rows.size(); i++) {
            rows.set(i, tensor.getLong((long) from * time + i));
          }
          part.put(name, rows);
        });
    return part;
  }

  @Test
  void dropoutIsDrawnAnewEachStepAndIsOffInEvaluation() {
    Program program = Program.of(new NextToken(TinyGpt.standard().dropping(0.5)));
    Weights start = Runs.weights(program, 5);
    TrainerOptions still = TrainerOptions.of(Sgd.of(Schedule.constant(0)));
    Map<String, HostTensor> batch = counting(new Random(8), 4, 6);
    try (Trainer one = new ReferenceEngine().train(program, start, still.withSeed(1));
        Trainer two = new ReferenceEngine().train(program, start, still.withSeed(100))) {
      double a = one.step(batch).loss();
      double b = one.step(batch).loss();
      assertTrue(a != b, "two steps drew the same mask");
      assertTrue(two.step(batch).loss() != a, "two seeds drew the same mask");
      double e = Runs.get(one.evaluate(batch), "loss").getDouble(0);
      assertEquals(e, Runs.get(two.evaluate(batch), "loss").getDouble(0));
    }
  }
}
