package org.attention4j.conformance.behaviour;

import java.util.List;
import java.util.Map;
import java.util.Random;
import org.attention4j.conformance.Bench;
import org.attention4j.conformance.Check;
import org.attention4j.conformance.Suite;
import org.attention4j.conformance.Values;
import org.attention4j.nn.Init;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.spi.Mode;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.train.Schedule;
import org.attention4j.train.Sgd;
import org.attention4j.weights.Weights;

/**
 * Memory stays flat: one value of a megabyte kept in each run would show. The Java heap is measured
 * after a collection; native memory as what the process holds beyond the heap, where the operating
 * system tells.
 */
public final class MemoryChecks {
  private static final int SIDE = 362;
  private static final int WARM_UP = 24;
  private static final int RUNS = 64;
  private static final long VALUE = 4L * SIDE * SIDE;
  private static final long ALLOWED = VALUE * RUNS / 2;

  private MemoryChecks() {}

  /** All of them. */
  public static List<Check> all() {
    return List.of(
        new Behaviour(
            "lifecycle/memory/session", Suite.LIFECYCLE, Mode.INFERENCE, MemoryChecks::session),
        new Behaviour(
            "lifecycle/memory/trainer", Suite.LIFECYCLE, Mode.TRAINING, MemoryChecks::trainer));
  }

  /** Pointwise on megabytes, so that a kept value is seen and a run is quick. */
  private record Large() implements Model {
    @Override
    public Map<String, TensorType> inputs() {
      return Map.of("x", TensorType.f32(SIDE, SIDE));
    }

    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
      Tensor weight = scope.param("w", Init.ones(), SIDE);
      Tensor y = inputs.get("x").mul(weight).max(0).add(1).mul(0.5);
      return Map.of("loss", y.mean(0).mean(1).reshape());
    }
  }

  private static final Program PROGRAM = Program.of(new Large());

  private static Weights weights() {
    return Weights.of(Map.of("w", Values.normal(1).draw(new Random(1), DType.F32, SIDE)));
  }

  private static Map<String, HostTensor> inputs() {
    return Map.of("x", Values.normal(1).draw(new Random(2), DType.F32, SIDE, SIDE));
  }

  private static String session(Bench bench) {
    Map<String, HostTensor> inputs = inputs();
    try (Session session = Fixture.open(bench.engine(), PROGRAM, weights())) {
      return growth(() -> session.run(inputs));
    }
  }

  private static String trainer(Bench bench) {
    Map<String, HostTensor> inputs = inputs();
    TrainerOptions options = TrainerOptions.of(Sgd.of(Schedule.constant(1e-3)));
    try (Trainer trainer = bench.engine().train(PROGRAM, weights(), options)) {
      return growth(() -> trainer.step(inputs));
    }
  }

  /** What is wrong, or an empty text; only growth that goes on is a leak. */
  private static String growth(Runnable run) {
    repeat(run, WARM_UP);
    String first = window(run);
    return first.isEmpty() ? "" : window(run);
  }

  private static String window(Runnable run) {
    long heap = ResidentMemory.heap();
    long outside = ResidentMemory.outside();
    repeat(run, RUNS);
    long heapGrowth = ResidentMemory.heap() - heap;
    long growth = Math.max(heapGrowth, ResidentMemory.outside() - outside);
    if (growth <= ALLOWED) {
      return "";
    }
    return "memory grew by "
        + growth / 1024
        + " KiB in "
        + RUNS
        + " runs ("
        + (growth == heapGrowth ? "Java heap" : "outside the Java heap")
        + "), allowed "
        + ALLOWED / 1024
        + " KiB; a value of "
        + VALUE / 1024
        + " KiB is leaked in each run?";
  }

  private static void repeat(Runnable run, int times) {
    for (int i = 0; i < times; i++) {
      run.run();
    }
  }
}
