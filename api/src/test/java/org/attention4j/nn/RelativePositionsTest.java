package org.attention4j.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.function.BiFunction;
import org.attention4j.error.UsageException;
import org.attention4j.graph.Graph;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.op.AttentionCall;
import org.attention4j.op.Mask;
import org.attention4j.op.Start;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;

/** Relative positions against their formulas, written out pair by pair. */
final class RelativePositionsTest {
  private static final int SIZE = 4;

  @Test
  void skewingMovesEachDistanceToItsKey() {
    for (int[] size : new int[][] {{1, 1}, {5, 5}, {2, 7}}) {
      int queries = size[0];
      int keys = size[1];
      TensorType type = TensorType.f32(2, 3, queries, keys);
      HostTensor x = Probe.normal(1, 2, 3, queries, keys);
      Start start = Start.at(keys - queries);
      double[] skewed = run(type, x, (s, t) -> RelativeLogits.skew(t));
      double[] gathered = run(type, x, (s, t) -> RelativeLogits.gather(t, start));
      for (int row = 0; row < 6 * queries; row++) {
        int slot = keys - queries + row % queries;
        for (int j = 0; j <= slot; j++) {
          double expected = x.getDouble((long) row * keys + keys - 1 - (slot - j));
          assertEquals(expected, skewed[row * keys + j]);
          assertEquals(expected, gathered[row * keys + j]);
        }
      }
    }
  }

  private static double[] run(TensorType type, HostTensor x, BiFunction<Scope, Tensor, Tensor> f) {
    return Probe.of(type, f::apply).run(Weights.empty(), x).toDoubleArray();
  }

  @Test
  void theMusicTransformersBiasIsTheProductWithTheDistancesEmbedding() {
    SkewedRelativeBias relative = new SkewedRelativeBias(3, 2, SIZE);
    Probe probe =
        Probe.of(
            TensorType.f32("batch", 2, "time", SIZE),
            (s, x) -> relative.in(s.child("relative")).of(x, x));
    Weights weights = probe.weights(2);
    HostTensor x = Probe.normal(3, 2, 2, 6, SIZE);
    double[] y = probe.run(weights, x).toDoubleArray();
    HostTensor table = weights.get("relative.weight"); // [distances, heads, head_dim]
    for (int row = 0; row < 2 * 2 * 6; row++) {
      int i = row % 6;
      int head = row / 6 % 2;
      for (int j = 0; j <= i; j++) {
        double dot = 0;
        for (int f = 0; f < SIZE; f++) {
          int distance = Math.min(2, i - j);
          dot +=
              x.getDouble((long) row * SIZE + f)
                  * table.getDouble((distance * 2L + head) * SIZE + f);
        }
        assertEquals(dot / Math.sqrt(SIZE), y[row * 6 + j], 1e-12);
      }
    }
  }

  /** Nothing in the skewed bias is larger than the scores; an embedding for each pair would be. */
  @Test
  void theSkewedBiasNeedsNoEmbeddingForEachPair() {
    SkewedRelativeBias relative = new SkewedRelativeBias(3, 2, SIZE);
    Probe probe =
        Probe.of(
            TensorType.f32(1, 2, 64, SIZE), (s, x) -> relative.in(s.child("relative")).of(x, x));
    long largest =
        Graph.trace(probe).types().stream()
            .mapToLong(t -> t.count().longSize())
            .max()
            .orElseThrow();
    assertTrue(largest <= 2 * 64 * 65, "largest tensor has " + largest + " elements");
  }

  @Test
  void shawsRepresentationsAreAddedToKeysAndValues() {
    int time = 6;
    int clip = 2;
    ShawAttention attention =
        new ShawAttention(
            new Heads(SIZE, 1, 1, SIZE), HeadProjections.separate(), clip, Mask.causal());
    Probe probe = Probe.of(TensorType.f32("batch", "time", SIZE), attention);
    Weights weights = probe.weights(4);
    HostTensor x = Probe.normal(5, 1, time, SIZE);
    double[][] q = linear(weights, "q_proj", rows(x, time));
    double[][] k = linear(weights, "k_proj", rows(x, time));
    double[][] v = linear(weights, "v_proj", rows(x, time));
    double[][] y = new double[time][SIZE];
    for (int i = 0; i < time; i++) {
      double sum = 0;
      for (int j = 0; j <= i; j++) {
        int row = Math.max(-clip, Math.min(clip, j - i)) + clip;
        double score = 0;
        for (int f = 0; f < SIZE; f++) {
          score +=
              q[i][f] * (k[j][f] + weights.get("key_distances").getDouble((long) row * SIZE + f));
        }
        double weight = Math.exp(score / Math.sqrt(SIZE));
        sum += weight;
        for (int f = 0; f < SIZE; f++) {
          y[i][f] +=
              weight * (v[j][f] + weights.get("value_distances").getDouble((long) row * SIZE + f));
        }
      }
      for (int f = 0; f < SIZE; f++) {
        y[i][f] /= sum;
      }
    }
    double[][] expected = linear(weights, "out_proj", y);
    double[] actual = probe.run(weights, x).toDoubleArray();
    for (int i = 0; i < time; i++) {
      for (int f = 0; f < SIZE; f++) {
        assertEquals(expected[i][f], actual[i * SIZE + f], 1e-12);
      }
    }
  }

  private static double[][] rows(HostTensor x, int time) {
    double[][] rows = new double[time][SIZE];
    for (int i = 0; i < time * SIZE; i++) {
      rows[i / SIZE][i % SIZE] = x.getDouble(i);
    }
    return rows;
  }

  private static double[][] linear(Weights weights, String name, double[][] x) {
    double[][] y = new double[x.length][SIZE];
    for (int i = 0; i < x.length; i++) {
      for (int out = 0; out < SIZE; out++) {
        y[i][out] = weights.get(name + ".bias").getDouble(out);
        for (int in = 0; in < SIZE; in++) {
          y[i][out] += x[i][in] * weights.get(name + ".weight").getDouble((long) out * SIZE + in);
        }
      }
    }
    return y;
  }

  /** Without distances it is plain attention, and the same whatever is added to every position. */
  @Test
  void withZeroRepresentationsShawsAttentionIsPlain() {
    Heads heads = Heads.of(8, 2);
    ShawAttention shaw = new ShawAttention(heads, HeadProjections.separate(), 3, Mask.causal());
    Block plain = MultiHeadAttention.of(heads, Mask.causal());
    TensorType type = TensorType.f32("batch", "time", 8);
    Weights weights =
        Probe.of(type, shaw)
            .weights(6)
            .map(
                (path, tensor) ->
                    path.endsWith("distances")
                        ? HostTensor.zeros(tensor.dtype(), tensor.shape())
                        : tensor);
    HostTensor x = Probe.normal(7, 2, 5, 8);
    assertArrayEquals(
        Probe.of(type, plain).run(weights, x).toDoubleArray(),
        Probe.of(type, shaw).run(weights, x).toDoubleArray(),
        1e-12);
  }

  @Test
  void wrongSizesAreRefused() {
    assertThrows(UsageException.class, () -> new SkewedRelativeBias(0, 2, 4));
    assertThrows(
        UsageException.class,
        () ->
            new ShawAttention(
                Heads.grouped(8, 4, 2), HeadProjections.separate(), 2, Mask.causal()));
  }

  /** The bias under attention's causal mask: what the skew leaves behind the query is hidden. */
  @Test
  void editingALaterTokenLeavesEarlierOutputsAlone() {
    SkewedRelativeBias relative = new SkewedRelativeBias(4, 2, SIZE);
    Probe probe =
        Probe.of(
            TensorType.f32("batch", 2, "time", SIZE),
            (s, x) ->
                AttentionCall.of(x, x, x)
                    .mask(Mask.causal())
                    .bias(relative.in(s.child("relative")).of(x, x))
                    .apply());
    Weights weights = probe.weights(8);
    HostTensor x = Probe.normal(9, 1, 2, 5, SIZE);
    double[] before = probe.run(weights, Map.of("x", x)).toDoubleArray();
    x.set(4 * SIZE, 7.0); // head 0, last slot
    double[] after = probe.run(weights, Map.of("x", x)).toDoubleArray();
    for (int i = 0; i < 4 * SIZE; i++) {
      assertEquals(before[i], after[i]);
    }
    assertTrue(before[4 * SIZE] != after[4 * SIZE]);
  }
}
