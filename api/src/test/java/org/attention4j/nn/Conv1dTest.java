package org.attention4j.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.attention4j.error.ShapeException;
import org.attention4j.error.UsageException;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("A convolution over time")
final class Conv1dTest {
  private static final int BATCH = 2;
  private static final int IN = 3;
  private static final int OUT = 4;

  private static double[] loops(Conv1d block, Weights weights, HostTensor x, int steps) {
    int time = (int) x.dim(1);
    double[] y = new double[BATCH * steps * OUT];
    for (int i = 0; i < y.length; i++) {
      int channel = i % OUT;
      int step = i / OUT % steps;
      int row = i / OUT / steps;
      y[i] = weights.get("bias").getDouble(channel);
      for (int k = 0; k < block.kernel(); k++) {
        int at = step * block.stride() + k - block.padding();
        for (int c = 0; c < IN && at >= 0 && at < time; c++) {
          double w =
              weights.get("weight").getDouble(((long) channel * IN + c) * block.kernel() + k);
          y[i] += w * x.getDouble(((long) row * time + at) * IN + c);
        }
      }
    }
    return y;
  }

  @ParameterizedTest(name = "kernel {0}, stride {1}, padding {2}, {3} steps")
  @CsvSource({
    "3, 1, 1, 7",
    "3, 2, 1, 8",
    "3, 2, 1, 7",
    "1, 1, 0, 5",
    "1, 3, 0, 8",
    "2, 5, 0, 11",
    "5, 2, 0, 5",
    "4, 3, 3, 1",
    "5, 5, 2, 13"
  })
  @DisplayName("is the sum over the kernel's taps, at fixed and at symbolic lengths")
  void isTheSumOverTheTaps(int kernel, int stride, int padding, int time) {
    Conv1d block = new Conv1d(IN, OUT, kernel, stride, padding, null);
    int steps = (time + 2 * padding - kernel) / stride + 1;
    HostTensor x = Probe.normal(4, BATCH, time, IN);
    for (Object length : new Object[] {time, "time"}) {
      Probe probe = Probe.of(TensorType.f32("batch", length, IN), block);
      Weights weights = probe.weights(3);
      HostTensor y = probe.run(weights, x);
      assertArrayEquals(new long[] {BATCH, steps, OUT}, y.shape());
      assertArrayEquals(loops(block, weights, x, steps), y.toDoubleArray(), 1e-9);
    }
  }

  @Test
  @DisplayName("refuses fewer steps than its kernel, and padding that hides all of it")
  void refuses() {
    Conv1d block = new Conv1d(IN, OUT, 3, 1, 0, null);
    Probe probe = Probe.of(TensorType.f32("batch", 2, IN), block);
    ShapeException e = assertThrows(ShapeException.class, () -> probe.weights(1));
    assertEquals("Conv1d: 2 steps with padding 0 cannot hold a kernel of 3", e.getMessage());
    assertThrows(UsageException.class, () -> new Conv1d(IN, OUT, 3, 1, 3, null));
    assertThrows(UsageException.class, () -> new Conv1d(IN, OUT, 3, 0, 1, null));
  }
}
