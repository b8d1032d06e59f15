package org.attention4j.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.attention4j.error.UsageException;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;

/** Patches against a convolution written as loops. */
final class PatchEmbeddingTest {
  private static final int BATCH = 2;
  private static final int CHANNELS = 3;
  private static final int SIZE = 6;
  private static final int PATCH = 2;
  private static final int WIDTH = 5;
  private static final PatchEmbedding BLOCK =
      new PatchEmbedding(CHANNELS, SIZE, PATCH, WIDTH, Init.normal(0.02));

  private static double pixel(HostTensor x, int batch, int channel, int row, int column) {
    return x.getDouble(((batch * CHANNELS + channel) * SIZE + row) * SIZE + column);
  }

  @Test
  void eachPatchIsAStepOfAConvolutionWhoseStrideIsItsKernel() {
    Probe probe = Probe.of(TensorType.f32("batch", CHANNELS, SIZE, SIZE), BLOCK);
    Weights weights = probe.weights(3);
    HostTensor x = Probe.normal(4, BATCH, CHANNELS, SIZE, SIZE);
    HostTensor weight = weights.get("weight");
    HostTensor bias = weights.get("bias");
    int side = SIZE / PATCH;
    double[] expected = new double[BATCH * side * side * WIDTH];
    int at = 0;
    for (int b = 0; b < BATCH; b++) {
      for (int p = 0; p < side * side; p++) {
        for (int o = 0; o < WIDTH; o++) {
          double sum = bias.getDouble(o);
          for (int i = 0; i < CHANNELS * PATCH * PATCH; i++) {
            int channel = i / (PATCH * PATCH);
            int row = p / side * PATCH + i / PATCH % PATCH;
            int column = p % side * PATCH + i % PATCH;
            double w = weight.getDouble((long) o * CHANNELS * PATCH * PATCH + i);
            sum += w * pixel(x, b, channel, row, column);
          }
          expected[at++] = sum;
        }
      }
    }
    HostTensor y = probe.run(weights, x);
    assertArrayEquals(new long[] {BATCH, 9, WIDTH}, y.shape());
    assertArrayEquals(expected, y.toDoubleArray(), 1e-9);
    assertEquals(9, BLOCK.patches());
  }

  @Test
  void imagesThatAreNoWholePatchesAreRefused() {
    Init init = Init.zeros();
    UsageException e =
        assertThrows(UsageException.class, () -> new PatchEmbedding(3, 7, 2, 5, init));
    assertEquals("PatchEmbedding: images of 7 pixels are no whole patches of 2", e.getMessage());
  }
}
