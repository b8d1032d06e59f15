package org.attention4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.attention4j.error.WeightsException;
import org.attention4j.nn.Init;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.reference.ReferenceEngine;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.spi.TrainerState;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("Training resumed from a checkpoint")
class ResumeTest {
  private static final int STEPS = 12;

  @TempDir Path directory;

  /** Regression with one hidden layer and dropout: [batch, 4] to [batch, 1]. */
  private record Regression(int hidden) implements Model {
    @Override
    public Map<String, TensorType> inputs() {
      Dim batch = Dim.symbol("batch");
      return Map.of("x", TensorType.f32(batch, 4), "y", TensorType.f32(batch, 1));
    }

    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
      Tensor in = scope.param("in.weight", Init.fanIn(4), 4, hidden);
      Tensor bias = scope.param("in.bias", Init.zeros(), hidden);
      Tensor out = scope.param("out.weight", Init.fanIn(hidden), hidden, 1);
      Tensor h = inputs.get("x").matmul(in).add(bias).tanh(); // [batch, hidden]
      Tensor error = scope.dropout("drop", h, 0.3).matmul(out).sub(inputs.get("y"));
      return Map.of("loss", error.mul(error).mean(0).mean(0).reshape());
    }
  }

  private static Trainer trainer(int hidden, Optimizer optimizer) {
    Program program = Program.of(new Regression(hidden));
    TrainerOptions options = TrainerOptions.of(optimizer).withSeed(5).clip(1);
    return new ReferenceEngine().train(program, Parameters.init(program, 3), options);
  }

  private static Trainer trainer() {
    return trainer(8, AdamW.lr(0.01));
  }

  /** The batch of a step, a function of its number. */
  private static Map<String, HostTensor> batch(long step) {
    Random random = new Random(step);
    float[] x = new float[6 * 4];
    float[] y = new float[6];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian();
      y[i / 4] += x[i] * x[i];
    }
    return Map.of("x", HostTensor.of(x, 6, 4), "y", HostTensor.of(y, 6, 1));
  }

  @Test
  @DisplayName("continues bit by bit: parameters, optimizer state, losses and dropout masks")
  void bitExact() {
    Path file = directory.resolve("c.safetensors");
    try (Trainer whole = trainer();
        Trainer resumed = trainer()) {
      for (int step = 0; step < STEPS; step++) {
        if (step == STEPS / 2) {
          TrainingCheckpoint.of(whole, Map.of("batches", Integer.toString(step))).save(file);
        }
        whole.step(batch(step));
      }
      resumed.step(batch(99)); // what it did before does not matter
      TrainingCheckpoint checkpoint = TrainingCheckpoint.load(file);
      checkpoint.restore(resumed);
      for (long step = Long.parseLong(checkpoint.metadata().get("batches")); step < STEPS; step++) {
        resumed.step(batch(step));
      }
      assertEquals(STEPS, resumed.state().step());
      assertSame(whole, resumed);
      double next = whole.step(batch(STEPS)).loss();
      assertEquals(next, resumed.step(batch(STEPS)).loss());
    }
  }

  @Test
  @DisplayName("would end elsewhere if weights, optimizer state, step or seed were lost")
  void everyPartMatters() {
    try (Trainer trainer = trainer()) {
      trainer.step(batch(0));
      TrainerState good = trainer.state();
      Weights fresh = Parameters.init(Program.of(new Regression(8)), 4);
      Map<String, HostTensor> zeros = new LinkedHashMap<>(good.slots());
      zeros.replaceAll((name, t) -> HostTensor.zeros(t.dtype(), t.shape()));
      HostTensor end = endOf(trainer, good);
      assertTrue(end.equalsExactly(endOf(trainer, good)));
      for (TrainerState bad :
          List.of(
              new TrainerState(good.step(), good.seed(), fresh, good.slots()),
              new TrainerState(good.step(), good.seed(), good.weights(), zeros),
              new TrainerState(good.step() + 1, good.seed(), good.weights(), good.slots()),
              new TrainerState(good.step(), good.seed() + 1, good.weights(), good.slots()))) {
        assertFalse(end.equalsExactly(endOf(trainer, bad)));
      }
    }
  }

  private static HostTensor endOf(Trainer trainer, TrainerState start) {
    new TrainingCheckpoint(start, Map.of()).restore(trainer);
    trainer.step(batch(1));
    return trainer.weights().get("in.weight");
  }

  @Test
  @DisplayName("of another model or optimizer is refused, with all that differs, before it changes")
  void anotherModel() {
    try (Trainer saved = trainer(8, AdamW.lr(0.01));
        Trainer wider = trainer(9, AdamW.lr(0.01));
        Trainer plain = trainer(8, Sgd.of(Schedule.constant(0.01)))) {
      TrainingCheckpoint checkpoint = TrainingCheckpoint.of(saved, Map.of());
      HostTensor before = wider.weights().get("in.weight");
      assertRefused(
          checkpoint,
          wider,
          "9 of another type",
          "parameter.in.weight is f32[4, 8], wanted f32[4, 9]",
          "optimizer.exp_avg_sq.out.weight is f32[8, 1], wanted f32[9, 1]");
      assertTrue(before.equalsExactly(wider.weights().get("in.weight")));
      assertRefused(checkpoint, plain, "6 surplus", "optimizer.exp_avg.in.weight");
      assertRefused(
          TrainingCheckpoint.of(plain, Map.of()), saved, "6 missing", "optimizer.exp_avg.in.bias");
    }
  }

  private static void assertRefused(
      TrainingCheckpoint checkpoint, Trainer trainer, String... parts) {
    WeightsException e = assertThrows(WeightsException.class, () -> checkpoint.restore(trainer));
    for (String part : parts) {
      assertTrue(String.valueOf(e.getMessage()).contains(part), e::getMessage);
    }
  }

  @Test
  @Timeout(120)
  @DisplayName("ends where an undisturbed run ends, however often it is killed with -9")
  void killedOften() throws Exception {
    Path file = directory.resolve("c.safetensors");
    Random random = new Random(4);
    long reached = 0;
    for (int round = 0; round < 4; round++) {
      Process process = ChildJvm.start(Run.class, file);
      try (BufferedReader says = process.inputReader(StandardCharsets.US_ASCII)) {
        assertEquals("saved", says.readLine());
        Thread.sleep(random.nextInt(100));
        process.destroyForcibly(); // SIGKILL: no shutdown hooks, no finally
        assertTrue(process.waitFor(30, TimeUnit.SECONDS));
      }
      reached = TrainingCheckpoint.load(file).state().step();
    }
    try (Trainer whole = trainer();
        Trainer resumed = trainer()) {
      for (long step = 0; step < reached; step++) {
        whole.step(batch(step));
      }
      TrainingCheckpoint.load(file).restore(resumed);
      assertTrue(reached >= 4, "each round made progress");
      assertSame(whole, resumed);
    }
  }

  private static void assertSame(Trainer expected, Trainer actual) {
    assertSame(expected.weights().tensors(), actual.weights().tensors());
    assertSame(expected.state().slots(), actual.state().slots());
  }

  private static void assertSame(Map<String, HostTensor> expected, Map<String, HostTensor> actual) {
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((name, t) -> assertTrue(t.equalsExactly(actual.get(name)), name));
  }

  /** The program that is killed: trains for ever, and saves after every step. */
  static final class Run {
    private Run() {}

    public static void main(String[] args) {
      Path file = Path.of(args[0]);
      try (Trainer trainer = trainer()) {
        if (Files.exists(file)) {
          TrainingCheckpoint.load(file).restore(trainer);
        }
        for (long step = trainer.state().step(); ; step++) {
          trainer.step(batch(step));
          TrainingCheckpoint.of(trainer, Map.of()).save(file);
          System.out.println("saved");
        }
      }
    }
  }
}
