package org.attention4j.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.attention4j.error.UsageException;
import org.attention4j.nn.PatchEmbedding.Size;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Patches against a convolution written as loops. */
final class PatchEmbeddingTest {
  private static final int BATCH = 2;
  private static final int CHANNELS = 3;
  private static final int WIDTH = 5;

  @ParameterizedTest
  @CsvSource({"6, 6, 2, 2", "4, 9, 2, 3", "7, 8, 3, 2"}) // the last image has a row too many
  void eachPatchIsAStepOfAConvolutionWhoseStrideIsItsKernel(int h, int w, int tall, int wide) {
    PatchEmbedding block =
        new PatchEmbedding(
            CHANNELS, new Size(h, w), new Size(tall, wide), WIDTH, Init.normal(0.02), true);
    Probe probe = Probe.of(TensorType.f32("batch", CHANNELS, h, w), block);
    Weights weights = probe.weights(3);
    HostTensor x = Probe.normal(4, BATCH, CHANNELS, h, w);
    HostTensor weight = weights.get("weight");
    HostTensor bias = weights.get("bias");
    int columns = w / wide;
    int patches = h / tall * columns;
    double[] expected = new double[BATCH * patches * WIDTH];
    int at = 0;
    for (int b = 0; b < BATCH; b++) {
      for (int p = 0; p < patches; p++) {
        for (int o = 0; o < WIDTH; o++) {
          double sum = bias.getDouble(o);
          for (int i = 0; i < CHANNELS * tall * wide; i++) {
            int channel = i / (tall * wide);
            int row = p / columns * tall + i / wide % tall;
            int column = p % columns * wide + i % wide;
            long pixel = ((long) (b * CHANNELS + channel) * h + row) * w + column;
            sum += weight.getDouble((long) o * CHANNELS * tall * wide + i) * x.getDouble(pixel);
          }
          expected[at++] = sum;
        }
      }
    }
    HostTensor y = probe.run(weights, x);
    assertArrayEquals(new long[] {BATCH, patches, WIDTH}, y.shape());
    assertArrayEquals(expected, y.toDoubleArray(), 1e-9);
    assertEquals(patches, block.patches());
  }

  @Test
  void imagesWithoutAWholePatchAreRefused() {
    Init init = Init.zeros();
    UsageException e =
        assertThrows(UsageException.class, () -> new PatchEmbedding(3, 2, 3, 5, init));
    assertEquals(
        "PatchEmbedding: images of 2 x 2 pixels have no whole patch of 3 x 3", e.getMessage());
  }
}
