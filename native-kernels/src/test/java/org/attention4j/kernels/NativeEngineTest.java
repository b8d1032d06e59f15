package org.attention4j.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.attention4j.error.EngineException;
import org.attention4j.nn.Model;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.Scope;
import org.attention4j.op.Mask;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Engines;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Device;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.train.AdamW;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@RequiresKernels
@DisplayName("The engine native")
class NativeEngineTest {
  private static final int WIDTH = 24;

  /** Grouped causal self-attention over padded input, and a loss. */
  private record Attending() implements Model {
    @Override
    public Map<String, TensorType> inputs() {
      return Map.of(
          "x",
          TensorType.f32("batch", "time", WIDTH),
          "attention_mask",
          TensorType.i64("batch", "time"));
    }

    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
      MultiHeadAttention block =
          MultiHeadAttention.of(MultiHeadAttention.Heads.grouped(WIDTH, 4, 2), Mask.causal());
      Tensor y =
          scope.in(
              "attention",
              s -> block.self(s, inputs.get("x"), Mask.keys(inputs.get("attention_mask")), null));
      Tensor loss = y.mul(y).sum(0, 1, 2).drop(0).drop(0).drop(0);
      return Map.of("y", y, "loss", loss);
    }
  }

  private static final Program PROGRAM = Program.of(new Attending());

  private static Map<String, HostTensor> inputs(int batch, int time) {
    Random random = new Random(7);
    long[] mask = new long[batch * time];
    for (int i = 0; i < mask.length; i++) {
      mask[i] = i % time < time - i / time ? 1 : 0; // the later rows are shorter
    }
    return Map.of(
        "x",
        Views.random(random, batch, time, WIDTH),
        "attention_mask",
        HostTensor.of(mask, batch, time));
  }

  private static void assertClose(
      String what, Map<String, HostTensor> expected, Map<String, HostTensor> got, String name) {
    double[] want = Objects.requireNonNull(expected.get(name)).toDoubleArray();
    double[] have = Objects.requireNonNull(got.get(name)).toDoubleArray();
    assertEquals(want.length, have.length, what);
    for (int i = 0; i < want.length; i++) {
      assertEquals(want[i], have[i], 1e-4 * Math.max(1, Math.abs(want[i])), what + "[" + i + "]");
    }
  }

  @Test
  @DisplayName("agrees with the float64 reference for several batch and time sizes")
  void inference() {
    Weights weights = Parameters.init(PROGRAM, 3);
    SessionOptions oracle = SessionOptions.defaults().withPrecision(DType.F64);
    try (Session expected = Engines.get("reference").open(PROGRAM, weights, oracle);
        Session got = Engines.get("native").open(PROGRAM, weights, SessionOptions.defaults())) {
      assertTrue(got.description().contains("flash-cpu"), got.description());
      for (int batch : new int[] {1, 3}) {
        for (int time : new int[] {1, 5, 66}) {
          Map<String, HostTensor> want = expected.run(inputs(batch, time));
          Map<String, HostTensor> have = got.run(inputs(batch, time));
          assertClose(batch + " x " + time, want, have, "y");
        }
      }
    }
  }

  @Test
  @DisplayName("has the reference's gradients, and trains")
  void training() {
    Weights weights = Parameters.init(PROGRAM, 3);
    TrainerOptions options = TrainerOptions.of(AdamW.lr(1e-2));
    Map<String, HostTensor> batch = inputs(2, 9);
    try (Trainer expected =
            Engines.get("reference").train(PROGRAM, weights, options.withPrecision(DType.F64));
        Trainer got = Engines.get("native").train(PROGRAM, weights, options)) {
      Map<String, HostTensor> want = expected.gradients(batch);
      Map<String, HostTensor> have = got.gradients(batch);
      assertEquals(want.keySet(), have.keySet());
      want.keySet().forEach(name -> assertClose("gradient", want, have, name));
      double before = got.step(batch).loss();
      for (int step = 0; step < 5; step++) {
        got.step(batch);
      }
      double after = got.step(batch).loss();
      assertTrue(after < before, "loss went from " + before + " to " + after);
    }
  }

  @Test
  @DisplayName("refuses another precision or device instead of falling back")
  void refusals() {
    Engine engine = Engines.get("native");
    Weights weights = Parameters.init(PROGRAM, 3);
    SessionOptions options = SessionOptions.defaults();
    EngineException precision =
        assertThrows(
            EngineException.class,
            () -> engine.open(PROGRAM, weights, options.withPrecision(DType.F64)));
    assertTrue(String.valueOf(precision.getMessage()).contains("f64"), precision.getMessage());
    assertThrows(
        EngineException.class, () -> engine.open(PROGRAM, weights, options.on(Device.gpu(0))));
  }
}
