package org.attention4j.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.LongStream;
import org.attention4j.error.NonFiniteException;
import org.attention4j.error.UsageException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TokenSamplerTest {
  private static double[] probabilities(Sampling sampling, double... logits) {
    return new TokenSampler(sampling).probabilities(logits);
  }

  /** Logits whose softmax is these probabilities. */
  private static double[] logs(double... probabilities) {
    return Arrays.stream(probabilities).map(Math::log).toArray();
  }

  @Test
  void greedyTakesTheBestAndTheLowerIdAmongEquals() {
    TokenSampler sampler = new TokenSampler(Sampling.greedy());
    assertEquals(2, sampler.next(new double[] {0, 1, 5, 5, -3}));
    assertArrayEquals(new double[] {0, 1, 0}, probabilities(Sampling.greedy(), -1, 0, -1));
  }

  @Test
  void temperatureDividesTheLogits() {
    double[] sharp = probabilities(Sampling.at(0.5, 0), 1, 2);
    assertEquals(Math.exp(2), sharp[1] / sharp[0], 1e-12); // odds e^((2 - 1) / 0.5)
    double[] flat = probabilities(Sampling.at(1e9, 0), 1, 2);
    assertEquals(0.5, flat[0], 1e-9);
  }

  @Test
  void topKKeepsThoseThatEqualTheLastOfThem() {
    double[] p = probabilities(Sampling.at(1, 0).withTopK(2), 3, 4, 3, 1);
    assertEquals(p[0], p[2]);
    assertEquals(Math.E, p[1] / p[0], 1e-12);
    assertEquals(0, p[3]);
    double[] all = probabilities(Sampling.at(1, 0).withTopK(9), 0, 0);
    assertArrayEquals(new double[] {0.5, 0.5}, all, 1e-12);
  }

  @Test
  void topPKeepsTheFewestThatReachIt() {
    double[] logits = logs(0.15, 0.5, 0.05, 0.3);
    Sampling sampling = Sampling.at(1, 0);
    double[] one = probabilities(sampling.withTopP(0.49), logits);
    assertArrayEquals(new double[] {0, 1, 0, 0}, one, 1e-12);
    double[] two = probabilities(sampling.withTopP(0.79), logits);
    assertArrayEquals(new double[] {0, 0.625, 0, 0.375}, two, 1e-12);
    double[] three = probabilities(sampling.withTopP(0.81), logits);
    assertArrayEquals(new double[] {0.15, 0.5, 0, 0.3}, scaled(three, 0.95), 1e-12);
  }

  @Test
  void topPLooksAtWhatTopKLeft() {
    // of the two that top-k leaves, the first has 0.625 of the probability
    double[] p =
        probabilities(Sampling.at(1, 0).withTopK(2).withTopP(0.6), logs(0.15, 0.5, 0.05, 0.3));
    assertArrayEquals(new double[] {0, 1, 0, 0}, p, 1e-12);
  }

  @Test
  void minPIsAShareOfTheHighest() {
    double[] p = probabilities(Sampling.at(1, 0).withMinP(0.25), logs(0.15, 0.5, 0.05, 0.3));
    assertArrayEquals(new double[] {0.15, 0.5, 0, 0.3}, scaled(p, 0.95), 1e-12);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void drawsFollowTheProbabilities(long seed) {
    TokenSampler sampler = new TokenSampler(Sampling.at(1, seed));
    double[] expected = {0.1, 0.2, 0.3, 0.4};
    int[] count = new int[4];
    int draws = 40_000;
    for (int i = 0; i < draws; i++) {
      count[sampler.next(logs(expected))]++;
    }
    double chiSquare = 0;
    for (int i = 0; i < 4; i++) {
      chiSquare += Math.pow(count[i] - draws * expected[i], 2) / (draws * expected[i]);
    }
    assertTrue(chiSquare < 16.27, "chi-square " + chiSquare + ", seed " + seed); // p = 0.001
  }

  @Test
  void aSeedGivesTheSameTokensAndAnotherOneOthers() {
    double[] logits = new Random(5).doubles(50).toArray();
    assertArrayEquals(draw(logits, 1), draw(logits, 1));
    assertTrue(!Arrays.equals(draw(logits, 1), draw(logits, 2)));
  }

  @Test
  void firstDrawsOfNeighbouringSeedsAreUnrelated() {
    double[] logits = new double[100];
    long distinct =
        LongStream.range(0, 100)
            .mapToInt(seed -> new TokenSampler(Sampling.at(1, seed)).next(logits))
            .distinct()
            .count();
    assertTrue(distinct > 45, "only " + distinct + " of 100 tokens were drawn"); // 63 expected
  }

  private static int[] draw(double[] logits, long seed) {
    TokenSampler sampler = new TokenSampler(Sampling.at(1, seed));
    return java.util.stream.IntStream.range(0, 30).map(i -> sampler.next(logits)).toArray();
  }

  @Test
  void forbiddenTokensAreNeverDrawnAndBrokenLogitsAreRefused() {
    double no = Double.NEGATIVE_INFINITY;
    TokenSampler sampler = new TokenSampler(Sampling.at(1, 3));
    for (int i = 0; i < 100; i++) {
      assertEquals(1, sampler.next(new double[] {no, -900, no}));
    }
    for (double broken : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThrows(NonFiniteException.class, () -> sampler.next(new double[] {0, broken}));
    }
    assertThrows(NonFiniteException.class, () -> sampler.next(new double[] {no, no}));
  }

  @Test
  void settingsOutOfRangeAreRefused() {
    Sampling sampling = Sampling.at(1, 0);
    assertThrows(UsageException.class, () -> Sampling.at(-1, 0));
    assertThrows(UsageException.class, () -> Sampling.at(Double.NaN, 0));
    assertThrows(UsageException.class, () -> sampling.withTopK(-1));
    assertThrows(UsageException.class, () -> sampling.withTopP(0));
    assertThrows(UsageException.class, () -> sampling.withMinP(1.5));
    assertThrows(UsageException.class, () -> sampling.withTypicalP(0));
    assertThrows(UsageException.class, () -> sampling.withEpsilon(1));
    assertThrows(UsageException.class, () -> sampling.withEta(-0.1));
  }

  private static double[] scaled(double[] p, double factor) {
    return Arrays.stream(p).map(v -> v * factor).toArray();
  }
}
