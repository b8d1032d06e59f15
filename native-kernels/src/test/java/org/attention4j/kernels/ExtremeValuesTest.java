package org.attention4j.kernels;

import static org.attention4j.kernels.SmallAttention.KEYS;
import static org.attention4j.kernels.SmallAttention.QUERIES;
import static org.attention4j.kernels.SmallAttention.WIDTH;
import static org.attention4j.kernels.SmallAttention.fill;
import static org.attention4j.kernels.SmallAttention.fillRow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.attention4j.tensor.DType;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * What docs/attention-semantics.md pins for huge and tiny numbers, NaN and infinity, forward and
 * backward, on every instruction set and in every type.
 */
@RequiresKernels
@DisplayName("Extreme values")
class ExtremeValuesTest {
  private static final double[] NOT_FINITE = {
    Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY
  };

  private static Stream<DynamicTest> everywhere(BiConsumer<InstructionSet, DType> test) {
    List<DynamicTest> tests = new ArrayList<>();
    for (InstructionSet isa : Kernels.instructionSets()) {
      for (DType type : List.of(DType.F32, DType.BF16, DType.F16)) {
        String name = isa.label() + " " + type.label();
        tests.add(DynamicTest.dynamicTest(name, () -> test.accept(isa, type)));
      }
    }
    return tests.stream();
  }

  /** Rounding of the type, wide enough for another order of summation. */
  private static double tolerance(DType type) {
    return type == DType.F32 ? 2e-5 : type == DType.BF16 ? 6e-2 : 1e-2;
  }

  private static void assertRow(
      double[] expected, double[] actual, int row, int width, double tolerance, String what) {
    for (int i = row * width; i < (row + 1) * width; i++) {
      double allowed = tolerance * Math.max(1, Math.abs(expected[i]));
      boolean same = expected[i] == actual[i] || Math.abs(expected[i] - actual[i]) <= allowed;
      assertTrue(same, what + "[" + i + "]: expected " + expected[i] + ", got " + actual[i]);
    }
  }

  private static void assertAll(double[] expected, double[] actual, double tolerance, String what) {
    assertEquals(expected.length, actual.length, what);
    assertRow(expected, actual, 0, expected.length, tolerance, what);
  }

  private static void assertSame(
      SmallAttention.Results expected, SmallAttention.Results actual, double tolerance) {
    assertAll(expected.output(), actual.output(), tolerance, "output");
    assertAll(expected.logSumExp(), actual.logSumExp(), tolerance, "log-sum-exp");
    assertAll(expected.gradQuery(), actual.gradQuery(), tolerance, "query gradient");
    assertAll(expected.gradKey(), actual.gradKey(), tolerance, "key gradient");
    assertAll(expected.gradValue(), actual.gradValue(), tolerance, "value gradient");
    assertAll(expected.gradBias(), actual.gradBias(), tolerance, "bias gradient");
  }

  @TestFactory
  @DisplayName("a score of 1e4 takes all the weight, one of -1e4 none")
  Stream<DynamicTest> hugeScores() {
    return everywhere(
        (isa, type) -> {
          for (int winner : new int[] {0, 7, 63, 64, KEYS - 1}) {
            SmallAttention attention = new SmallAttention(type);
            attention.scale = 1;
            fill(attention.query, 0);
            fill(attention.key, 0);
            for (int i = 0; i < QUERIES; i++) {
              attention.query.set((long) i * WIDTH, i % 2 == 0 ? 100.0 : -100.0);
            }
            attention.key.set((long) winner * WIDTH, 100.0);
            SmallAttention.Results results = attention.run(isa);
            double[] value = attention.value.toDoubleArray();
            for (int d = 0; d < WIDTH; d++) {
              double others = 0;
              for (int j = 0; j < KEYS; j++) {
                others += j == winner ? 0 : value[j * WIDTH + d];
              }
              assertEquals(value[winner * WIDTH + d], results.output()[d], "output of query 0");
              double mean = others / (KEYS - 1);
              assertEquals(mean, results.output()[WIDTH + d], tolerance(type), "of query 1");
            }
            assertEquals(10000, results.logSumExp()[0], "log-sum-exp of query 0");
            assertEquals(Math.log(KEYS - 1), results.logSumExp()[1], 1e-5, "of query 1");
            // Weights of exactly 1 and 0 have no slope, whatever the keys are.
            for (int i = 0; i < QUERIES; i += 2) {
              assertRow(
                  new double[QUERIES * WIDTH], results.gradQuery(), i, WIDTH, 0, "query gradient");
            }
            for (double[] all :
                List.of(results.gradKey(), results.gradValue(), results.gradBias())) {
              for (double x : all) {
                assertTrue(Double.isFinite(x), "a gradient is " + x);
              }
            }
          }
        });
  }

  @TestFactory
  @DisplayName("denormal operands change results by less than the smallest normal number")
  Stream<DynamicTest> denormals() {
    return everywhere(
        (isa, type) -> {
          double tiny = type == DType.F16 ? 6e-8 : 1e-40;
          // What the type itself rounds to, or flushing of f32's and bf16's.
          double allowed = type == DType.F16 ? 6e-8 : 0x1p-126;
          SmallAttention attention = new SmallAttention(type);
          fill(attention.query, tiny);
          fill(attention.key, -tiny);
          fill(attention.value, tiny);
          SmallAttention.Results results = attention.run(isa);
          for (double x : results.output()) {
            assertEquals(tiny, x, allowed);
          }
          for (double x : results.logSumExp()) {
            assertEquals(Math.log(KEYS), x, 1e-5);
          }
          for (double x : results.gradQuery()) {
            assertEquals(0, x, allowed);
          }
          for (double x : results.gradKey()) {
            assertEquals(0, x, allowed);
          }
          double[] cotangent = attention.cotangent.toDoubleArray();
          for (int d = 0; d < WIDTH; d++) {
            double sum = 0;
            for (int i = 0; i < QUERIES; i++) {
              sum += cotangent[i * WIDTH + d];
            }
            assertEquals(sum / KEYS, results.gradValue()[d], tolerance(type));
          }
        });
  }

  @TestFactory
  @DisplayName("NaN and infinity behind the mask change nothing")
  Stream<DynamicTest> masked() {
    return everywhere(
        (isa, type) -> {
          for (double poison : NOT_FINITE) {
            SmallAttention attention = new SmallAttention(type);
            for (int i = 0; i < QUERIES; i++) {
              attention.hide(i, 3);
              attention.hide(i, 65);
            }
            for (int j = 0; j < KEYS; j++) {
              attention.hide(2, j);
            }
            SmallAttention.Results clean = attention.run(isa);
            for (int hidden : new int[] {3, 65}) {
              fillRow(attention.key, hidden, poison);
              fillRow(attention.value, hidden, poison);
              attention.setBias(1, hidden, poison);
            }
            fillRow(attention.query, 2, poison);
            fillRow(attention.cotangent, 2, poison);
            fillRow(attention.bias, 2, poison);
            attention.logSumExpCotangent.set(2L, poison);
            SmallAttention.Results results = attention.run(isa);
            assertSame(clean, results, tolerance(type));
            assertEquals(Double.NEGATIVE_INFINITY, results.logSumExp()[2]);
            double[] zeros = new double[QUERIES * WIDTH];
            assertRow(zeros, results.output(), 2, WIDTH, 0, "output");
            assertRow(zeros, results.gradQuery(), 2, WIDTH, 0, "query gradient");
          }
        });
  }

  /** Query 1 alone attends to key 66, queries 1 and 3 alone to key 0. */
  private static SmallAttention partly(DType type) {
    SmallAttention attention = new SmallAttention(type);
    for (int i = 0; i < QUERIES; i++) {
      if (i != 1) {
        attention.hide(i, 66);
      }
      if (i != 1 && i != 3) {
        attention.hide(i, 0);
      }
    }
    for (int i : new int[] {1, 3}) {
      attention.hide(i, 5);
    }
    return attention;
  }

  @TestFactory
  @DisplayName("an attended NaN reaches exactly the rows that attend to it")
  Stream<DynamicTest> attendedNan() {
    return everywhere(
        (isa, type) -> {
          SmallAttention.Results clean = partly(type).run(isa);
          for (boolean inKey : new boolean[] {true, false}) {
            SmallAttention attention = partly(type);
            (inKey ? attention.key : attention.value).set(66L * WIDTH + 2, Double.NaN);
            SmallAttention.Results results = attention.run(isa);
            for (int i = 0; i < QUERIES; i++) {
              if (i == 1) {
                assertTrue(Double.isNaN(results.output()[i * WIDTH + 2]), "output of query 1");
                assertTrue(Double.isNaN(results.gradQuery()[i * WIDTH]), "gradient of query 1");
                assertEquals(inKey, Double.isNaN(results.logSumExp()[i]), "log-sum-exp");
              } else {
                assertRow(clean.output(), results.output(), i, WIDTH, tolerance(type), "output");
                assertRow(
                    clean.gradQuery(), results.gradQuery(), i, WIDTH, tolerance(type), "query");
              }
            }
            // Key 5 is attended to by queries 0, 2 and 4, key 7 by the poisoned one as well.
            assertRow(clean.gradKey(), results.gradKey(), 5, WIDTH, tolerance(type), "key");
            assertRow(clean.gradValue(), results.gradValue(), 5, WIDTH, tolerance(type), "value");
            assertTrue(Double.isNaN(results.gradKey()[7 * WIDTH]), "gradient of key 7");
          }
        });
  }

  @TestFactory
  @DisplayName("an attended score of +infinity makes its row NaN and no other")
  Stream<DynamicTest> attendedInfinity() {
    return everywhere(
        (isa, type) -> {
          SmallAttention.Results clean = partly(type).run(isa);
          SmallAttention attention = partly(type);
          attention.setBias(1, 66, Double.POSITIVE_INFINITY);
          SmallAttention.Results results = attention.run(isa);
          for (int d = 0; d < WIDTH; d++) {
            assertTrue(Double.isNaN(results.output()[WIDTH + d]), "output of query 1");
          }
          for (int i : new int[] {0, 2, 3, 4}) {
            assertRow(clean.output(), results.output(), i, WIDTH, tolerance(type), "output");
            assertRow(clean.gradQuery(), results.gradQuery(), i, WIDTH, tolerance(type), "query");
          }
        });
  }

  @TestFactory
  @DisplayName("an infinite value spoils its own column only")
  Stream<DynamicTest> infiniteValue() {
    return everywhere(
        (isa, type) -> {
          SmallAttention.Results clean = partly(type).run(isa);
          SmallAttention attention = partly(type);
          attention.value.set(2L, Double.POSITIVE_INFINITY); // key 0
          SmallAttention.Results results = attention.run(isa);
          for (int i = 0; i < QUERIES; i++) {
            for (int d = 0; d < WIDTH; d++) {
              double actual = results.output()[i * WIDTH + d];
              if (d == 2 && (i == 1 || i == 3)) {
                assertFalse(Double.isFinite(actual), "query " + i);
              } else {
                assertEquals(clean.output()[i * WIDTH + d], actual, tolerance(type));
              }
            }
          }
          assertAll(clean.logSumExp(), results.logSumExp(), 1e-5, "log-sum-exp");
        });
  }

  @TestFactory
  @DisplayName("a bias of -infinity removes a pair, and a whole row of them the row")
  Stream<DynamicTest> removingBias() {
    return everywhere(
        (isa, type) -> {
          SmallAttention masked = new SmallAttention(type);
          SmallAttention biased = new SmallAttention(type);
          for (int j = 0; j < KEYS; j++) {
            masked.hide(3, j);
            biased.setBias(3, j, Double.NEGATIVE_INFINITY);
            if (j % 3 == 0) {
              masked.hide(1, j);
              biased.setBias(1, j, Double.NEGATIVE_INFINITY);
            }
          }
          SmallAttention.Results results = biased.run(isa);
          assertSame(masked.run(isa), results, tolerance(type));
          assertEquals(Double.NEGATIVE_INFINITY, results.logSumExp()[3]);
        });
  }
}
