package org.attention4j.nn.longcontext;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.attention4j.error.ShapeException;
import org.attention4j.error.UsageException;
import org.attention4j.nn.Probe;
import org.attention4j.op.AttentionCall;
import org.attention4j.op.Mask;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Attention by features: its definition, the equality of its forms, and its error. */
final class LinearAttentionTest {
  private static final int TIME = 11;
  private static final PositiveRandomFeatures RANDOM = new PositiveRandomFeatures(12, 8, 5);

  static Stream<FeatureMap> maps() {
    return Stream.of(new EluFeatures(), RANDOM);
  }

  /** Each pair's weight by its own, as the papers write it. */
  private static double[] byPairs(FeatureMap map, Map<String, HostTensor> values, boolean causal) {
    return Runs.of(
        values,
        in -> {
          Tensor w = map.query(in.get("q")).matmulTransposed(map.key(in.get("k")));
          if (causal) {
            Tensor slot = w.iota(w.dim(2));
            w = slot.insert(0).le(slot.insert(1)).where(w, w.scalar(0));
          }
          return w.div(w.sum(-1)).matmul(in.get("v"));
        });
  }

  @ParameterizedTest
  @MethodSource("maps")
  void equalsWeightsComputedPairByPair(FeatureMap map) {
    Map<String, HostTensor> values = Runs.attention(1, 2, TIME);
    double[] full = Runs.of(new LinearAttention(map, false), Weights.empty(), values);
    Runs.assertEqual(byPairs(map, values, false), full);
    double[] wanted = byPairs(map, values, true);
    for (int chunk : new int[] {1, 3, 4, TIME, 64}) {
      Runs.assertEqual(
          wanted, Runs.of(new LinearAttention(map, true, chunk), Weights.empty(), values));
    }
  }

  @ParameterizedTest
  @MethodSource("maps")
  void recurrentFormEqualsTheParallelOne(FeatureMap map) {
    Map<String, HostTensor> values = Runs.attention(2, 2, TIME);
    LinearAttention attention = new LinearAttention(map, true, 4);
    double[] recurrent =
        Runs.of(
            values,
            in -> {
              Tensor state =
                  attention
                      .run(at(in.get("q"), 0), at(in.get("k"), 0), at(in.get("v"), 0), null)
                      .state()
                      .mul(0);
              List<Tensor> outputs = new ArrayList<>();
              for (int t = 0; t < TIME; t++) {
                LinearAttention.Result one =
                    attention.step(
                        at(in.get("q"), t), at(in.get("k"), t), at(in.get("v"), t), state);
                outputs.add(one.output());
                state = one.state();
              }
              return outputs.get(0).concat(2, outputs.subList(1, TIME).toArray(Tensor[]::new));
            });
    Runs.assertEqual(Runs.of(attention, Weights.empty(), values), recurrent);
  }

  private static Tensor at(Tensor x, int t) {
    return x.slice(2, t, t + 1);
  }

  @ParameterizedTest
  @MethodSource("maps")
  void aRunGoesOnFromTheStateOfAnother(FeatureMap map) {
    Map<String, HostTensor> values = Runs.attention(3, 1, TIME);
    LinearAttention attention = new LinearAttention(map, true, 4);
    double[] inTwo =
        Runs.of(
            values,
            in -> {
              LinearAttention.Result first =
                  part(attention, in.get("q"), in.get("k"), in.get("v"), 0, 5, null);
              LinearAttention.Result rest =
                  part(attention, in.get("q"), in.get("k"), in.get("v"), 5, TIME, first.state());
              return first.output().concat(2, rest.output());
            });
    Runs.assertEqual(Runs.of(attention, Weights.empty(), values), inTwo);
  }

  private static LinearAttention.Result part(
      LinearAttention attention,
      Tensor q,
      Tensor k,
      Tensor v,
      int from,
      int to,
      @Nullable Tensor state) {
    return attention.run(q.slice(2, from, to), k.slice(2, from, to), v.slice(2, from, to), state);
  }

  @Test
  void directionsAreOrthogonalAndFixedByTheSeed() {
    double[] w = RANDOM.directions();
    for (int a = 0; a < 12; a++) {
      for (int b = 0; b < a; b++) {
        double dot = 0;
        for (int i = 0; i < 8; i++) {
          dot += w[a * 8 + i] * w[b * 8 + i];
        }
        assertTrue(a / 8 != b / 8 || Math.abs(dot) < 1e-12, a + " and " + b + ": " + dot);
      }
    }
    assertEquals(0, Runs.distance(w, new PositiveRandomFeatures(12, 8, 5).directions()));
    assertTrue(Runs.distance(w, new PositiveRandomFeatures(12, 8, 6).directions()) > 0.1);
  }

  /** Over many seeds the mean of the estimates of exp(q.k / sqrt(d)) is that number. */
  @Test
  void randomFeaturesEstimateTheExponentialWithoutBias() {
    Map<String, HostTensor> values = Runs.attention(4, 1, 2);
    for (String name : new String[] {"q", "k"}) { // the variance grows with exp(|q + k|^2)
      values.put(name, HostTensor.of(scaled(Runs.at(values, name), 0.5), 1, 2, 2, 8));
    }
    double[] exact =
        Runs.of(
            values, in -> in.get("q").matmulTransposed(in.get("k")).mul(1 / Math.sqrt(8)).exp());
    double[] mean = new double[exact.length];
    int seeds = 400;
    for (int seed = 0; seed < seeds; seed++) {
      PositiveRandomFeatures map = new PositiveRandomFeatures(16, 8, seed);
      double[] one =
          Runs.of(values, in -> map.key(in.get("q")).matmulTransposed(map.key(in.get("k"))));
      for (int i = 0; i < one.length; i++) {
        mean[i] += one[i] / seeds;
      }
    }
    for (int i = 0; i < exact.length; i++) {
      assertEquals(1, mean[i] / exact[i], 0.1);
    }
  }

  /** The error of Performer against softmax attention falls as features are added. */
  @Test
  void errorFallsWithTheNumberOfFeatures() {
    Map<String, HostTensor> values = Runs.attention(7, 2, 24);
    double[] exact =
        Runs.of(
            values,
            in ->
                AttentionCall.of(in.get("q"), in.get("k"), in.get("v"))
                    .mask(Mask.causal())
                    .apply());
    double last = Double.POSITIVE_INFINITY;
    for (int features : new int[] {8, 64, 512}) {
      double sum = 0;
      for (int seed = 0; seed < 4; seed++) {
        LinearAttention performer =
            new LinearAttention(new PositiveRandomFeatures(features, 8, seed), true, 8);
        sum += Runs.error(exact, Runs.of(performer, Weights.empty(), values)) / 4;
      }
      System.out.printf("performer, %d features: error %.4f%n", features, sum);
      assertTrue(sum < 0.8 * last, features + " features: " + sum + " after " + last);
      last = sum;
    }
  }

  @Test
  void largeKeysNeitherOverflowNorGiveNaN() {
    Map<String, HostTensor> values = Runs.attention(8, 1, 5);
    values.put("k", HostTensor.of(scaled(Runs.at(values, "k"), 60), 1, 2, 5, 8));
    for (double y : Runs.of(new LinearAttention(RANDOM, true), Weights.empty(), values)) {
      assertTrue(Double.isFinite(y));
    }
  }

  private static double[] scaled(HostTensor x, double factor) {
    double[] numbers = x.toDoubleArray();
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] *= factor;
    }
    return numbers;
  }

  @Test
  void paddingChangesNothing() {
    Map<String, HostTensor> values = Runs.attention(9, 1, 6);
    values.put("m", HostTensor.of(new long[] {0, 0, 1, 1, 1, 1}, 1, 6));
    for (boolean causal : new boolean[] {false, true}) {
      LinearAttention attention = new LinearAttention(new EluFeatures(), causal, 4);
      Map<String, TensorType> types = new LinkedHashMap<>(Runs.attentionTypes());
      types.put("m", TensorType.i64("batch", "time"));
      double[] padded =
          new Probe(
                  types,
                  (s, in) ->
                      attention
                          .attend(s, in.get("q"), in.get("k"), in.get("v"), in.get("m"))
                          .slice(2, 2, 6))
              .run(Weights.empty(), values)
              .toDoubleArray();
      double[] alone =
          new Probe(
                  types,
                  (s, in) -> {
                    Tensor q = in.get("q").slice(2, 2, 6);
                    return attention.attend(
                        s, q, in.get("k").slice(2, 2, 6), in.get("v").slice(2, 2, 6), null);
                  })
              .run(Weights.empty(), values)
              .toDoubleArray();
      Runs.assertEqual(alone, padded);
    }
  }

  @Test
  void wrongSizesAreRefused() {
    assertThrows(UsageException.class, () -> new PositiveRandomFeatures(0, 8, 1));
    assertThrows(UsageException.class, () -> new LinearAttention(RANDOM, true, 0));
    LinearAttention other = new LinearAttention(new PositiveRandomFeatures(4, 6, 1), true);
    Map<String, HostTensor> values = Runs.attention(10, 1, 3);
    assertThrows(ShapeException.class, () -> Runs.of(other, Weights.empty(), values));
  }
}
