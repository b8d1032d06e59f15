package org.attention4j.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Map;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Pooling against arithmetic by hand, with padding on either side. */
final class TokenPoolingTest {
  private static double[] pooled(TokenPooling kind, float[] hidden, long[] mask, int batch) {
    Probe probe =
        new Probe(
            Map.of(
                "x", TensorType.f32("batch", "time", 2), "mask", TensorType.i64("batch", "time")),
            (scope, in) -> kind.apply(in.get("x"), in.get("mask")));
    int time = mask.length / batch;
    return probe
        .run(
            Weights.empty(),
            Map.of(
                "x",
                HostTensor.of(hidden, batch, time, 2),
                "mask",
                HostTensor.of(mask, batch, time)))
        .toDoubleArray();
  }

  @ParameterizedTest
  @CsvSource({
    "FIRST, 1, -2, 9, 9",
    "MAX, 3, -2, 5, 7",
    "MEAN, 2, -3, 5, 7",
    "MEAN_ROOT, 2.8284271247461903, -4.242640687119286, 5, 7",
    "WEIGHTED_MEAN, 2.3333333333333335, -3.3333333333333335, 5, 7",
    "LAST, 3, -4, 5, 7"
  })
  void padsDoNotCountOnEitherSide(TokenPooling kind, double a, double b, double c, double d) {
    float[] hidden = {1, -2, 3, -4, 100, 100, /* second row */ 9, 9, 9, 9, 5, 7};
    double[] y = pooled(kind, hidden, new long[] {1, 1, 0, 0, 0, 1}, 2);
    assertArrayEquals(new double[] {a, b, c, d}, y, 1e-12);
  }

  @ParameterizedTest
  @EnumSource(names = {"MEAN", "MEAN_ROOT", "WEIGHTED_MEAN", "LAST"})
  void withoutAnyTokenTheResultIsZero(TokenPooling kind) {
    double[] y = pooled(kind, new float[] {1, 2, 3, 4}, new long[] {0, 0}, 1);
    assertArrayEquals(new double[] {0, 0}, y, 0);
  }

  @Test
  void theMaskCountsAnythingButZeroAsAToken() {
    double[] y = pooled(TokenPooling.MEAN, new float[] {1, 2, 3, 4}, new long[] {7, 1}, 1);
    assertArrayEquals(new double[] {2, 3}, y, 0);
  }
}
