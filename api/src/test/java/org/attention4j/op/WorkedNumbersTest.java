package org.attention4j.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.attention4j.nn.Model;
import org.attention4j.nn.Probe;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Numbers worked out by hand or printed in the literature. */
final class WorkedNumbersTest {
  private interface Function {
    Tensor apply(Tensor x);
  }

  private static double[] of(Function f, double... values) {
    Probe probe = Probe.of(TensorType.f32("n"), (Scope s, Tensor x) -> f.apply(x));
    return probe.run(Weights.empty(), HostTensor.of(values, values.length)).toDoubleArray();
  }

  private static double[] ofIntegers(Function f, long... values) {
    Probe probe = Probe.of(TensorType.i64("n"), (Scope s, Tensor x) -> f.apply(x));
    return probe.run(Weights.empty(), HostTensor.of(values, values.length)).toDoubleArray();
  }

  @Test
  void theWeightsOfTheWorkedExample() {
    double[] scores = {0.2, 4.1, 1.5, 3.8};
    double[] scaled = of(x -> x.div(8), scores);
    assertArrayEquals(new double[] {0.025, 0.5125, 0.1875, 0.475}, scaled, 1e-15);
    assertArrayEquals(
        new double[] {0.1861, 0.3030, 0.2190, 0.2919}, of(x -> x.div(8).softmax(), scores), 5e-5);
    assertArrayEquals(
        new double[] {0.0110, 0.5449, 0.0405, 0.4036}, of(Tensor::softmax, scores), 5e-5);
  }

  @Test
  void whyTheExponential() {
    double[] scores = {-3, 5, -1, 2};
    assertArrayEquals(
        new double[] {0.0003, 0.9500, 0.0024, 0.0473}, of(Tensor::softmax, scores), 5e-5);
    double[] shares = of(x -> x.div(x.sum(0)), scores);
    assertEquals(-1, shares[0], 1e-15); // a share of the plain sum can be negative
  }

  @Test
  void activationsAtAFewPoints() {
    assertEquals(
        0.8413447460685429, of(x -> Activation.apply(Activation.Kind.GELU, x), 1)[0], 1e-14);
    assertEquals(
        0.841191990608276, of(x -> Activation.apply(Activation.Kind.GELU_TANH, x), 1)[0], 1e-12);
    assertEquals(
        1 / (1 + Math.exp(-1)), of(x -> Activation.apply(Activation.Kind.SILU, x), 1)[0], 1e-15);
    assertEquals(Math.log(2), of(x -> Activation.apply(Activation.Kind.SOFTPLUS, x), 0)[0], 1e-15);
    double[] far = of(x -> Activation.apply(Activation.Kind.SOFTPLUS, x), -1000, 1000);
    assertArrayEquals(new double[] {0, 1000}, far);
    double[] sigmoid = of(x -> Activation.apply(Activation.Kind.SIGMOID, x), -1000, 1000);
    assertArrayEquals(new double[] {0, 1}, sigmoid, 1e-30);
  }

  @Test
  void sinusoidsAreTheTableOfThePaperAndAShiftIsARotation() {
    int width = 6;
    long[] positions = {0, 1, 7, 8, 107};
    double[] table = ofIntegers(x -> Positions.sinusoid(x, width, DType.F32), positions);
    for (int row = 0; row < positions.length; row++) {
      for (int i = 0; i < width / 2; i++) {
        double angle = positions[row] / Math.pow(10000, 2.0 * i / width);
        assertEquals(Math.sin(angle), table[row * width + 2 * i], 1e-12);
        assertEquals(Math.cos(angle), table[row * width + 2 * i + 1], 1e-12);
      }
    }
    for (int i = 0; i < width / 2; i++) { // from 7 to 8 as from 0 to 1
      double turn = 1 / Math.pow(10000, 2.0 * i / width);
      double sin = table[2 * width + 2 * i];
      double cos = table[2 * width + 2 * i + 1];
      assertEquals(sin * Math.cos(turn) + cos * Math.sin(turn), table[3 * width + 2 * i], 1e-12);
    }
  }

  @Test
  void sinusoidsInHalvesHaveAllSinesFirst() {
    int width = 6;
    long[] positions = {0, 1, 7, 8, 107};
    double[] table = ofIntegers(x -> Positions.sinusoidInHalves(x, width, DType.F32), positions);
    for (int row = 0; row < positions.length; row++) {
      for (int i = 0; i < width / 2; i++) {
        double angle = positions[row] / Math.pow(10000, 2.0 * i / width);
        assertEquals(Math.sin(angle), table[row * width + i], 1e-12);
        assertEquals(Math.cos(angle), table[row * width + width / 2 + i], 1e-12);
      }
    }
  }

  @Test
  void alibiSlopesAreGeometric() {
    assertEquals(
        List.of(0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125, 0.00390625),
        Positions.alibiSlopes(8));
    List<Double> twelve = Positions.alibiSlopes(12);
    assertEquals(12, twelve.size());
    assertEquals(Positions.alibiSlopes(8), twelve.subList(0, 8));
    double[] between = twelve.subList(8, 12).stream().mapToDouble(d -> d).toArray();
    double half = Math.sqrt(0.5); // every second slope of 16 heads
    assertArrayEquals(new double[] {half, half / 2, half / 4, half / 8}, between, 1e-15);
  }

  @ParameterizedTest
  @CsvSource({"true, 32, 128", "false, 32, 128", "true, 8, 20", "false, 16, 64"})
  void relativeBucketsFollowTheDefinition(boolean bidirectional, int buckets, int maxDistance) {
    long[] relative = LongStream.rangeClosed(-300, 300).toArray();
    double[] got =
        ofIntegers(
            x -> Positions.relativeBuckets(x, buckets, maxDistance, bidirectional).cast(DType.F32),
            relative);
    for (int i = 0; i < relative.length; i++) {
      assertEquals(
          bucket(relative[i], buckets, maxDistance, bidirectional), got[i], "at " + relative[i]);
    }
  }

  /** Raffel et al. 2020 in plain Java, in the single precision of the published code. */
  private static int bucket(long relative, int buckets, int maxDistance, boolean bidirectional) {
    int side = bidirectional ? buckets / 2 : buckets;
    int base = bidirectional && relative > 0 ? side : 0;
    long distance = bidirectional ? Math.abs(relative) : Math.max(0, -relative);
    int exact = side / 2;
    if (distance < exact) {
      return base + (int) distance;
    }
    float log = (float) Math.log((float) distance / exact);
    int large =
        exact + (int) (log / (float) Math.log((double) maxDistance / exact) * (side - exact));
    return base + Math.min(side - 1, large);
  }

  @Test
  void rotaryTurnsThePairByPositionTimesFrequency() {
    Probe probe =
        new Probe(
            Map.of("x", TensorType.f32(1, 1, "time", 4), "p", TensorType.i64("time")),
            (Scope s, Model.Inputs in) ->
                in.get("x").apply(RotaryEmbedding.of(4, 100, true), in.get("p")));
    HostTensor x = HostTensor.of(new double[] {1, 0, 0, 2}, 1, 1, 1, 4);
    HostTensor p = HostTensor.of(new long[] {3}, 1);
    double[] y = probe.run(Weights.empty(), Probe.map("x", x, "p", p)).toDoubleArray();
    assertArrayEquals(
        new double[] {Math.cos(3), Math.sin(3), -2 * Math.sin(0.3), 2 * Math.cos(0.3)}, y, 1e-12);
  }

  @Test
  void crossEntropyCountsWhatIsNotIgnored() {
    double[] logits = {2, 0, 0, 0, 1, 0, 5, 5, 5};
    long[] labels = {0, 1, -100};
    double first = -(2 - Math.log(Math.exp(2) + 2));
    double second = -(1 - Math.log(Math.exp(1) + 2));
    assertEquals((first + second) / 2, loss(CrossEntropy.mean(), logits, labels), 1e-14);
    double sum = loss(new CrossEntropy(-100, 0, CrossEntropy.Reduction.SUM), logits, labels);
    assertEquals(first + second, sum, 1e-14);
    double uniform = (first + (first + 2) * 2) / 3; // the two others are 2 below
    double smoothed =
        loss(new CrossEntropy(-100, 0.3, CrossEntropy.Reduction.SUM), new double[] {2, 0, 0}, 0);
    assertEquals(0.7 * first + 0.3 * uniform, smoothed, 1e-14);
  }

  private static double loss(CrossEntropy op, double[] logits, long... labels) {
    Probe probe =
        new Probe(
            Map.of("x", TensorType.f32("n", 3), "labels", TensorType.i64("n")),
            (Scope s, Model.Inputs in) -> in.get("x").apply(op, in.get("labels")));
    HostTensor x = HostTensor.of(logits, labels.length, 3);
    HostTensor y = HostTensor.of(labels, labels.length);
    return probe.run(Weights.empty(), Probe.map("x", x, "labels", y)).getDouble(0);
  }

  @Test
  void scaledByTheRootOfTheLengthTheWeightsStayFlatAndUnscaledTheyCollapse() {
    double scaled = entropy(4, 1 / Math.sqrt(4));
    assertEquals(scaled, entropy(256, 1 / Math.sqrt(256)), 0.15);
    assertTrue(scaled > 2, "entropy " + scaled + " of at most " + Math.log(16));
    double unscaled = entropy(256, 1); // scores with a standard deviation of 16
    assertTrue(unscaled < 0.3, "entropy " + unscaled);
  }

  /** Mean entropy of 64 queries over 16 keys, all standard normal of a length. */
  private static double entropy(int length, double scale) {
    Probe probe =
        new Probe(
            Map.of(
                "q", TensorType.f32(1, 1, "queries", length),
                "k", TensorType.f32(1, 1, "keys", length)),
            (Scope s, Model.Inputs in) ->
                AttentionCall.of(in.get("q"), in.get("k"), in.get("k")).scale(scale).weights());
    HostTensor q = Probe.normal(1, 1, 1, 64, length);
    HostTensor k = Probe.normal(2, 1, 1, 16, length);
    double[] weights = probe.run(Weights.empty(), Probe.map("q", q, "k", k)).toDoubleArray();
    return -Arrays.stream(weights).filter(w -> w > 0).map(w -> w * Math.log(w)).sum() / 64;
  }

  @Test
  void dropoutKeepsTheMeanAndItsVarianceIsThatOfBernoulli() {
    int n = 200_000;
    double[] ones = new double[n];
    Arrays.fill(ones, 1);
    for (double p : new double[] {0.1, 0.5, 0.9}) {
      for (long seed : new long[] {0, 1, 123_456_789_012L}) {
        double[] y = of(x -> x.apply(new Dropout(p, 3), x.integers(seed).reshape(List.of())), ones);
        double mean = Arrays.stream(y).average().orElseThrow();
        double variance = Arrays.stream(y).map(v -> (v - mean) * (v - mean)).sum() / n;
        double expected = p / (1 - p);
        String at = "p " + p + " seed " + seed;
        assertEquals(1, mean, 5 * Math.sqrt(expected / n), at);
        assertEquals(expected, variance, 0.03 * expected, at);
        double above = 1 / (1 - p) * (1 - 1e-12);
        assertTrue(Arrays.stream(y).allMatch(v -> v == 0 || v > above), at);
        double pairs = 0;
        for (int i = 1; i < n; i++) {
          pairs += (y[i] - mean) * (y[i - 1] - mean);
        }
        assertEquals(0, pairs / n / expected, 0.02, "neighbours, " + at);
      }
    }
  }

  @Test
  void dropoutMasksDifferBySeedAndBySiteAndAreTheSameForTheSame() {
    double[] ones = new double[1000];
    Arrays.fill(ones, 1);
    double[][] masks = new double[4][];
    long[][] keys = {{1, 5}, {1, 5}, {2, 5}, {1, 6}};
    for (int i = 0; i < 4; i++) {
      long seed = keys[i][0];
      Dropout op = new Dropout(0.5, keys[i][1]);
      masks[i] = of(x -> x.apply(op, x.integers(seed).reshape(List.of())), ones);
    }
    assertArrayEquals(masks[0], masks[1]);
    for (int i = 2; i < 4; i++) {
      int equal = 0;
      for (int j = 0; j < 1000; j++) {
        equal += masks[0][j] == masks[i][j] ? 1 : 0;
      }
      assertTrue(equal > 420 && equal < 580, "alike in " + equal + " of 1000");
    }
  }
}
