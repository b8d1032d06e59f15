package org.attention4j.nn.longcontext;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;
import org.attention4j.error.UsageException;
import org.attention4j.graph.Graph;
import org.attention4j.nn.Probe;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Sparse patterns: the pairs that they allow, and sparse computation equal to the dense one. */
final class SparsePatternTest {

  /** Rows of '1' and '0' for queries and keys from slot 0. */
  private static String[] drawn(SlotPattern pattern, int slots) {
    Probe probe =
        new Probe(
            Map.of("x", TensorType.f32(slots)),
            (s, in) -> {
              Tensor slot = in.get("x").iota(in.get("x").dim(0));
              return pattern.allowed(slot.insert(1), slot.insert(0));
            });
    HostTensor allowed = probe.run(Weights.empty(), Map.of("x", Runs.zeros(slots)));
    String[] rows = new String[slots];
    for (int i = 0; i < slots; i++) {
      StringBuilder row = new StringBuilder();
      for (int j = 0; j < slots; j++) {
        row.append(allowed.getLong((long) i * slots + j));
      }
      rows[i] = row.toString();
    }
    return rows;
  }

  /** Figure 3 of Child et al. 2019, with a stride of 3. */
  @Test
  void patternsAreThoseOfTheSparseTransformer() {
    assertEquals(
        Arrays.asList(
            "10000000",
            "11000000",
            "11100000",
            "11110000",
            "01111000",
            "00111100",
            "10011110",
            "01001111"),
        Arrays.asList(drawn(new StridedPattern(3), 8)));
    assertEquals(
        Arrays.asList(
            "10000000",
            "11000000",
            "11100000",
            "00110000",
            "00111000",
            "00111100",
            "00100110",
            "00100111"),
        Arrays.asList(drawn(new FixedPattern(3, 1), 8)));
  }

  @Test
  void bigBirdHasNeighboursGlobalBlocksAndRandomOnes() {
    String[] plain = drawn(new BigBirdPattern(2, 1, 1, 0, 0, false), 12);
    assertEquals(
        Arrays.asList("111111111111", "111111111111", "111111000000"),
        Arrays.asList(plain).subList(0, 3));
    assertEquals("110011111100", plain[6]);
    BigBirdPattern random = new BigBirdPattern(2, 0, 0, 2, 7, false);
    String[] rows = drawn(random, 40);
    int different = 0;
    for (int i = 0; i < 40; i += 2) {
      assertEquals(rows[i], rows[i + 1], "slots of one block");
      assertEquals('1', rows[i].charAt(i));
      long seen = rows[i].chars().filter(c -> c == '1').count();
      assertTrue(seen >= 2 && seen <= 6, rows[i]);
      different += seen == 6 ? 1 : 0;
    }
    assertTrue(different > 10, "draws fall on blocks of their own: " + different);
    assertEquals(Arrays.asList(rows), Arrays.asList(drawn(random, 40)));
    assertNotEquals(
        Arrays.asList(rows), Arrays.asList(drawn(new BigBirdPattern(2, 0, 0, 2, 8, false), 40)));
  }

  @Test
  void causalBigBirdDoesNotChangeAsTheSequenceGrows() {
    BigBirdPattern pattern = new BigBirdPattern(3, 1, 1, 2, -5, true);
    String[] all = drawn(pattern, 30);
    String[] fewer = drawn(pattern, 17);
    for (int i = 0; i < 17; i++) {
      assertEquals(all[i].substring(0, 17), fewer[i]);
      assertTrue(all[i].lastIndexOf('1') == i, all[i]);
    }
  }

  static Stream<Arguments> pairs() {
    return Stream.of(
        Arguments.of(new LocalAttention(4), new Window(4)),
        Arguments.of(new LocalAttention(1), new Window(1)),
        Arguments.of(new StridedAttention(4), new StridedPattern(4)),
        Arguments.of(new StridedAttention(1), new StridedPattern(1)),
        Arguments.of(big(4, 1, 1, 2, false), dense(4, 1, 1, 2, false)),
        Arguments.of(big(4, 1, 1, 2, true), dense(4, 1, 1, 2, true)),
        Arguments.of(big(3, 0, 0, 3, false), dense(3, 0, 0, 3, false)),
        Arguments.of(big(2, 2, 3, 0, true), dense(2, 2, 3, 0, true)));
  }

  private static AttentionVariant big(int block, int near, int first, int draws, boolean causal) {
    return new BlockSparseAttention(dense(block, near, first, draws, causal));
  }

  private static BigBirdPattern dense(int block, int near, int first, int draws, boolean causal) {
    return new BigBirdPattern(block, near, first, draws, 11, causal);
  }

  /** The window as a pattern, for the comparison. */
  private record Window(int size) implements SlotPattern {
    @Override
    public Tensor allowed(Tensor query, Tensor key) {
      return key.le(query).and(query.sub(key).lt(size));
    }
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void sparseEqualsDenseWithTheMask(AttentionVariant sparse, SlotPattern pattern) {
    for (int time : new int[] {1, 8, 19}) {
      Map<String, HostTensor> values = Runs.attention(time, 2, time);
      double[] expected = Runs.of(new PatternAttention(pattern), Weights.empty(), values);
      Runs.assertEqual(expected, Runs.of(sparse, Weights.empty(), values));
      HostTensor tokens = HostTensor.of(new long[2 * time], 2, time);
      for (int i = 0; i < 2 * time; i++) {
        tokens.set(i, i % 5 == 1 || (i > time && i < time + 3) ? 0L : 1L);
      }
      Runs.assertEqual(
          Runs.padded(new PatternAttention(pattern), values, tokens),
          Runs.padded(sparse, values, tokens));
    }
  }

  /** Eight times the length: at most so much more for the largest tensor of a run. */
  @Test
  void noTensorOfTheSparseFormsIsQuadratic() {
    AttentionVariant bigBird = big(8, 1, 1, 1, true);
    assertTrue(largest(bigBird, 2048) <= 8 * largest(bigBird, 256));
    double root =
        (double) largest(new StridedAttention(32), 2048) / largest(new StridedAttention(11), 256);
    assertTrue(root < 8 * Math.sqrt(8) * 1.1, "n * sqrt(n), not " + root);
    AttentionVariant dense = new PatternAttention(new StridedPattern(8));
    assertEquals(64 * largest(dense, 256), largest(dense, 2048));
  }

  private static long largest(AttentionVariant variant, long time) {
    return Graph.trace(Runs.variant(variant)).types().stream()
        .map(type -> type.bind(Map.of("batch", 1L, "time", time)))
        .map(TensorType::count)
        .mapToLong(Dim::longSize)
        .max()
        .orElseThrow();
  }

  @Test
  void wrongSizesAreRefused() {
    assertThrows(UsageException.class, () -> new StridedPattern(0));
    assertThrows(UsageException.class, () -> new FixedPattern(3, 4));
    assertThrows(UsageException.class, () -> new BigBirdPattern(4, -1, 0, 0, 0, true));
  }
}
