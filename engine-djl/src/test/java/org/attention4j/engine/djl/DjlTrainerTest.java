package org.attention4j.engine.djl;

import static org.attention4j.engine.djl.TinyGpt.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.error.EngineException;
import org.attention4j.error.NonFiniteException;
import org.attention4j.error.ShapeException;
import org.attention4j.error.UsageException;
import org.attention4j.error.WeightsException;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.spi.TrainerState;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Device;
import org.attention4j.tensor.HostTensor;
import org.attention4j.train.AdamW;
import org.attention4j.train.Optimizer;
import org.attention4j.train.Schedule;
import org.attention4j.train.Sgd;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;

/** Training on PyTorch: what it updates, what it keeps, and what it refuses. */
class DjlTrainerTest {
  private static final TinyGpt GPT = TinyGpt.small();
  private static final DjlEngine ENGINE = new DjlEngine();

  private static Trainer trainer(TinyGpt gpt, TrainerOptions options) {
    Program program = Program.of(gpt.loss());
    // one thread: two that wait for each other are slow on a busy machine
    return ENGINE.train(program, Parameters.init(program, 7), options.withThreads(1));
  }

  private static TrainerOptions adam() {
    return TrainerOptions.of(AdamW.lr(1e-2)).clip(1);
  }

  private static void assertSame(Weights expected, Weights actual) {
    assertEquals(expected.names(), actual.names());
    for (String name : expected.names()) {
      assertTrue(expected.get(name).equalsExactly(actual.get(name)), name);
    }
  }

  private static double distance(HostTensor a, HostTensor b) {
    double most = 0;
    for (long i = 0; i < a.size(); i++) {
      most = Math.max(most, Math.abs(a.getDouble(i) - b.getDouble(i)));
    }
    return most;
  }

  @Test
  void aBatchIsLearntByHeart() {
    try (Trainer trainer = trainer(GPT, adam())) {
      Map<String, HostTensor> batch = GPT.batch(1, 2, 8);
      double first = trainer.step(batch).loss();
      assertEquals(Math.log(GPT.vocabulary()), first, 0.1, "a fresh model knows nothing");
      double last = first;
      for (int i = 0; i < 150; i++) {
        last = trainer.step(batch).loss();
      }
      assertTrue(last < 0.1 * first, "loss fell from " + first + " only to " + last);
      assertEquals(last, get(trainer.evaluate(batch), "loss").getDouble(0), 0.2 * first);
    }
  }

  @Test
  void resumingFromAStateContinuesBitByBit() {
    TinyGpt gpt = new TinyGpt(11, 16, 16, 2, 2, 0.2);
    TrainerOptions options = adam().withSeed(5);
    try (Trainer trainer = trainer(gpt, options);
        Trainer other = trainer(gpt, options.withSeed(99))) {
      for (int i = 0; i < 3; i++) {
        trainer.step(gpt.batch(i, 2, 8));
      }
      TrainerState state = trainer.state();
      assertEquals(3, state.step());
      other.step(gpt.batch(50, 2, 8)); // what it did before must not matter
      other.restore(state);
      for (int i = 3; i < 6; i++) {
        assertEquals(trainer.step(gpt.batch(i, 2, 8)), other.step(gpt.batch(i, 2, 8)));
      }
      assertSame(trainer.weights(), other.weights());
      TrainerState a = trainer.state();
      TrainerState b = other.state();
      assertSame(Weights.of(a.slots()), Weights.of(b.slots()));
    }
  }

  @Test
  void accumulatedMicroBatchesEqualTheFullBatch() {
    Map<String, HostTensor> full = GPT.batch(3, 4, 8);
    List<Map<String, HostTensor>> parts = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      int row = i;
      Map<String, HostTensor> part = new LinkedHashMap<>();
      full.forEach(
          (name, value) -> {
            long[] ids = Arrays.copyOfRange(value.toLongArray(), row * 8, row * 8 + 8);
            part.put(name, HostTensor.of(ids, 1, 8));
          });
      parts.add(part);
    }
    TrainerOptions options = TrainerOptions.of(Sgd.of(Schedule.constant(0.5))).clip(1);
    try (Trainer whole = trainer(GPT, options);
        Trainer split = trainer(GPT, options)) {
      for (int i = 0; i < 2; i++) { // the second step would see gradients that were not zeroed
        var a = whole.step(full);
        var b = split.step(parts);
        assertEquals(a.loss(), b.loss(), 1e-6);
        assertEquals(a.gradientNorm(), b.gradientNorm(), 1e-6);
      }
      Weights a = whole.weights();
      Weights b = split.weights();
      a.names().forEach(name -> assertEquals(0, distance(a.get(name), b.get(name)), 1e-6, name));
    }
  }

  @Test
  void gradientsOfOneBatchDoNotLeakIntoTheNext() {
    try (Trainer trainer = trainer(GPT, TrainerOptions.of(Sgd.of(Schedule.constant(0))))) {
      Map<String, HostTensor> batch = GPT.batch(1, 2, 8);
      var first = trainer.step(List.of(batch, GPT.batch(2, 2, 8)));
      var second = trainer.step(List.of(batch, GPT.batch(2, 2, 8)));
      assertEquals(first.gradientNorm(), second.gradientNorm(), "rate 0: nothing may change");
      assertEquals(trainer.step(batch).gradientNorm(), trainer.step(batch).gradientNorm());
    }
  }

  @Test
  void oneStepOfDescentSubtractsRateTimesGradient() {
    try (Trainer trainer = trainer(GPT, TrainerOptions.of(Sgd.of(Schedule.constant(0.25))))) {
      Map<String, HostTensor> batch = GPT.batch(4, 2, 8);
      Weights before = trainer.weights();
      Map<String, HostTensor> gradients = trainer.gradients(batch);
      assertEquals(before.names().size() + 1, gradients.size(), "every parameter and the loss");
      double norm = trainer.step(batch).gradientNorm();
      Weights after = trainer.weights();
      double squares = 0;
      for (String name : before.names()) {
        for (long i = 0; i < before.get(name).size(); i++) {
          double g = get(gradients, name).getDouble(i);
          squares += g * g;
          double wanted = before.get(name).getDouble(i) - 0.25 * g;
          assertEquals(wanted, after.get(name).getDouble(i), 1e-6, name);
        }
      }
      assertEquals(Math.sqrt(squares), norm, 1e-5);
    }
  }

  @Test
  void theFusedAdamWIsTheFormula() {
    Optimizer optimizer = AdamW.lr(1e-2);
    TrainerOptions options = TrainerOptions.of(optimizer).clip(0.5);
    try (Trainer trainer = trainer(GPT, options)) {
      Weights weights = trainer.weights();
      Map<String, double[]> average = new HashMap<>();
      Map<String, double[]> square = new HashMap<>();
      for (int t = 1; t <= 3; t++) {
        Map<String, HostTensor> batch = GPT.batch(t, 2, 8);
        Map<String, HostTensor> gradients = trainer.gradients(batch);
        double norm = trainer.step(batch).gradientNorm();
        assertTrue(norm > 0.5, "the clip must bite");
        Weights after = trainer.weights();
        for (String name : weights.names()) {
          HostTensor p = weights.get(name);
          double[] m = average.computeIfAbsent(name, n -> new double[(int) p.size()]);
          double[] v = square.computeIfAbsent(name, n -> new double[(int) p.size()]);
          double decay = p.rank() >= 2 ? 0.1 : 0;
          for (int i = 0; i < m.length; i++) {
            double g = get(gradients, name).getDouble(i) * 0.5 / (norm + 1e-6);
            m[i] = 0.9 * m[i] + 0.1 * g;
            v[i] = 0.95 * v[i] + 0.05 * g * g;
            double bias1 = 1 - Math.pow(0.9, t);
            double bias2 = 1 - Math.pow(0.95, t);
            double next = p.getDouble(i) * (1 - 1e-2 * decay);
            next -= 1e-2 / bias1 * m[i] / (Math.sqrt(v[i] / bias2) + 1e-8);
            assertEquals(next, after.get(name).getDouble(i), 2e-5, name + " step " + t);
          }
        }
        weights = after;
      }
    }
  }

  @Test
  void theSeedFixesDropoutAndEvaluationHasNone() {
    TinyGpt gpt = new TinyGpt(11, 16, 16, 2, 2, 0.5);
    Map<String, HostTensor> batch = gpt.batch(1, 2, 8);
    try (Trainer a = trainer(gpt, adam().withSeed(1));
        Trainer b = trainer(gpt, adam().withSeed(1));
        Trainer c = trainer(gpt, adam().withSeed(2))) {
      double loss = a.step(batch).loss();
      assertEquals(loss, b.step(batch).loss());
      assertNotEquals(loss, c.step(batch).loss());
      assertNotEquals(loss, a.step(batch).loss(), "another mask at the next step");
      b.restore(c.state());
      double one = b.step(batch).loss();
      b.restore(c.state());
      assertNotEquals(one, b.step(List.of(batch, batch)).loss(), "and in the next micro-batch");
      assertTrue(get(b.evaluate(batch), "loss").equalsExactly(get(b.evaluate(batch), "loss")));
    }
  }

  @Test
  void bf16ProductsTrainLikeF32() {
    Map<String, HostTensor> batch = GPT.batch(1, 2, 8);
    try (Trainer exact = trainer(GPT, adam());
        Trainer mixed = trainer(GPT, adam().withPrecision(DType.BF16))) {
      for (int i = 0; i < 8; i++) {
        double wanted = exact.step(batch).loss();
        assertEquals(wanted, mixed.step(batch).loss(), 0.02 * wanted, "step " + i);
      }
      assertEquals(DType.F32, mixed.weights().get("wte.weight").dtype());
      assertTrue(mixed.description().contains("bf16"), mixed.description());
    }
  }

  @Test
  void aLossThatIsNotFiniteUpdatesNothing() {
    Program program = Program.of(GPT.loss());
    Weights weights = Parameters.init(program, 7);
    HostTensor poisoned = weights.get("ln_f.weight").copy();
    poisoned.set(0, Double.NaN);
    for (Optimizer optimizer : List.of(AdamW.lr(1e-2), Sgd.of(Schedule.constant(1)))) {
      Weights bad = weights.with("ln_f.weight", poisoned);
      try (Trainer trainer = ENGINE.train(program, bad, TrainerOptions.of(optimizer))) {
        Map<String, HostTensor> batch = GPT.batch(1, 2, 8);
        NonFiniteException e = assertThrows(NonFiniteException.class, () -> trainer.step(batch));
        assertTrue(String.valueOf(e.getMessage()).contains("step 1"), e::getMessage);
        assertThrows(NonFiniteException.class, () -> trainer.step(List.of(batch, batch)));
        assertSame(bad, trainer.weights());
        assertEquals(0, trainer.state().step());
      }
    }
  }

  @Test
  void whatDoesNotFitIsRefusedBeforeNativeCode() {
    Program program = Program.of(GPT.loss());
    Weights weights = Parameters.init(program, 7);
    TrainerOptions options = adam();
    EngineException gpu =
        assertThrows(
            EngineException.class, () -> ENGINE.train(program, weights, options.on(Device.gpu(3))));
    assertTrue(String.valueOf(gpu.getMessage()).contains("available: cpu"), gpu::getMessage);
    assertThrows(
        EngineException.class,
        () -> ENGINE.train(program, weights, options.withPrecision(DType.F16)));
    WeightsException missing =
        assertThrows(
            WeightsException.class,
            () -> ENGINE.train(program, weights.without("wte.weight"), options));
    assertTrue(String.valueOf(missing.getMessage()).contains("wte.weight"), missing::getMessage);
    assertThrows(
        UsageException.class, () -> ENGINE.train(Program.of(GPT), weights, options), "no loss");
    try (Trainer trainer = ENGINE.train(program, weights, options)) {
      Map<String, HostTensor> batch = GPT.batch(1, 2, 8);
      batch.put("targets", HostTensor.of(new long[6], 2, 3));
      assertThrows(ShapeException.class, () -> trainer.step(batch));
      TrainerState state = trainer.state();
      assertThrows(
          WeightsException.class,
          () ->
              trainer.restore(
                  new TrainerState(1, 1, state.weights().without("wte.weight"), state.slots())));
      assertThrows(
          WeightsException.class,
          () -> trainer.restore(new TrainerState(1, 1, state.weights(), Map.of())));
      EngineException outside =
          assertThrows(
              EngineException.class,
              () ->
                  trainer.step(
                      Map.of(
                          "input_ids", HostTensor.of(new long[] {11}, 1, 1),
                          "targets", HostTensor.of(new long[] {0}, 1, 1))));
      assertTrue(String.valueOf(outside.getMessage()).contains("Gather"), outside::getMessage);
      assertEquals(1, trainer.step(GPT.batch(1, 2, 8)).step(), "it still trains afterwards");
    }
  }

  @Test
  void aClosedTrainerSaysSo() {
    Trainer trainer = trainer(GPT, adam());
    trainer.close();
    trainer.close();
    assertThrows(UsageException.class, () -> trainer.step(GPT.batch(1, 2, 8)));
    assertThrows(UsageException.class, trainer::weights);
    assertThrows(UsageException.class, trainer::state);
  }
}
