package org.attention4j.nn.longcontext;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Random;
import org.attention4j.error.UsageException;
import org.attention4j.graph.CacheMode;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.Probe;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;

/** Hashing attention. */
final class LshAttentionTest {

  @Test
  void placesAreAStableSortByBucket() {
    int time = 37;
    Probe probe =
        Probe.of(TensorType.i64("batch", 1, "time"), (s, x) -> BucketSort.places(x, 6, 4));
    Random random = new Random(1);
    HostTensor bucket = HostTensor.of(new long[2 * time], 2, 1, time);
    for (int i = 0; i < 2 * time; i++) {
      bucket.set(i, (long) random.nextInt(6));
    }
    HostTensor place = probe.run(Weights.empty(), bucket);
    for (int row = 0; row < 2; row++) {
      for (int i = 0; i < time; i++) {
        int expected = 0;
        for (int j = 0; j < time; j++) {
          long a = bucket.getLong((long) row * time + i);
          long b = bucket.getLong((long) row * time + j);
          expected += b < a || (b == a && j < i) ? 1 : 0;
        }
        assertEquals(expected, place.getLong((long) row * time + i));
      }
    }
  }

  /** Queries are keys, of length 1; a token sees itself only if there is no other. */
  private static double[] exact(Map<String, HostTensor> values, boolean causal) {
    return Runs.of(
        values,
        in -> {
          Tensor q = in.get("q");
          Tensor key = q.div(q.mul(q).sum(-1).add(1e-6).sqrt());
          Tensor slot = q.iota(q.dim(2));
          Tensor scores = q.matmulTransposed(key).mul(1 / Math.sqrt(8));
          scores = slot.insert(0).eq(slot.insert(1)).where(scores.scalar(-5e4), scores);
          Tensor later = slot.insert(1).lt(slot.insert(0));
          if (causal) {
            scores = later.where(scores.scalar(-1e30), scores);
          }
          return scores.softmax().matmul(in.get("v"));
        });
  }

  private static double[] hashed(Map<String, HostTensor> values, LshAttention attention) {
    return Runs.of(values, in -> attention.apply(in.get("q"), in.get("v"), null));
  }

  @Test
  void withOneBucketItIsExact() {
    for (boolean causal : new boolean[] {false, true}) {
      for (int time : new int[] {1, 2, 9}) {
        Map<String, HostTensor> values = Runs.attention(2, 2, time);
        for (int rounds : new int[] {1, 3}) {
          Runs.assertEqual(
              exact(values, causal), hashed(values, new LshAttention(1, 9, rounds, 5, causal)));
        }
      }
    }
  }

  /** One chunk: each token meets all of its bucket, whatever the order. */
  @Test
  void aTokenMeetsItsBucketAndNoOther() {
    int time = 12;
    Map<String, HostTensor> values = Runs.attention(3, 1, time);
    double[] bucket =
        Runs.of(values, in -> new RotationHash(4, 7).of(in.get("q")).cast(in.get("q").dtype()));
    double[] weights = weights(values, new LshAttention(4, time, 1, 7, false));
    for (int row = 0; row < 2 * time; row++) {
      int head = row / time;
      int others = 0;
      for (int j = 0; j < time; j++) {
        boolean together = bucket[row] == bucket[head * time + j] && j != row % time;
        others += together ? 1 : 0;
        if (j != row % time) {
          assertEquals(together, weights[row * time + j] > 0);
        }
      }
      assertEquals(others == 0 ? 1 : 0, weights[row * time + row % time], 1e-12);
    }
  }

  /** Attention to the rows of the identity gives the weights themselves. */
  private static double[] weights(Map<String, HostTensor> values, LshAttention attention) {
    return Runs.of(
        values,
        in -> {
          Tensor slot = in.get("q").iota(in.get("q").dim(2));
          Tensor one = slot.insert(0).eq(slot.insert(1)).cast(in.get("q").dtype());
          Tensor v =
              one.insert(0).insert(0).expand(in.get("q").type().with(3, in.get("q").dim(2)).dims());
          return attention.apply(in.get("q"), v, null);
        });
  }

  /** The share of the exact weights that lies on pairs which some round brings together. */
  @Test
  void recallRisesWithTheRounds() {
    int time = 96;
    Map<String, HostTensor> values = Runs.attention(4, 1, time);
    HostTensor q = Runs.at(values, "q");
    for (long i = 0; i < q.size(); i++) {
      q.set(i, 4 * q.getDouble(i)); // peaked weights, as trained attention has
    }
    double[] full = weights(values, new LshAttention(1, time, 1, 0, false));
    double last = 0;
    for (int rounds : new int[] {1, 2, 4, 8}) {
      double[] some = weights(values, new LshAttention(8, 24, rounds, 3, false));
      double recall = 0;
      for (int i = 0; i < full.length; i++) {
        recall += some[i] > 1e-12 ? full[i] / (2 * time) : 0;
      }
      System.out.printf("lsh, 8 buckets, %d rounds: recall %.3f%n", rounds, recall);
      assertTrue(recall > last, rounds + " rounds: " + recall + " after " + last);
      last = recall;
    }
    assertTrue(last > 0.8, "recall " + last);
  }

  @Test
  void paddingIsNeverSeen() {
    Map<String, HostTensor> values = Runs.attention(5, 1, 10);
    HostTensor tokens = HostTensor.of(new long[] {1, 1, 1, 1, 1, 1, 1, 0, 0, 0}, 1, 10);
    AttentionVariant variant = (s, q, k, v, m) -> new LshAttention(1, 4, 2, 1, true).apply(q, v, m);
    double[] before = Runs.padded(variant, values, tokens);
    for (int i = 7 * 8; i < 10 * 8; i++) {
      Runs.at(values, "v").set(i, 50.0);
    }
    double[] after = Runs.padded(variant, values, tokens);
    for (int i = 0; i < 7 * 8; i++) {
      assertEquals(before[i], after[i]);
    }
  }

  @Test
  void editingALaterTokenLeavesEarlierOutputsAloneInOneBucket() {
    Map<String, HostTensor> values = Runs.attention(6, 1, 9);
    LshAttention attention = new LshAttention(1, 3, 1, 1, true);
    double[] before = hashed(values, attention);
    Runs.at(values, "q").set(8 * 8, 9.0); // head 0, last slot
    double[] after = hashed(values, attention);
    for (int i = 0; i < 8 * 8; i++) {
      assertEquals(before[i], after[i], 1e-12);
    }
  }

  @Test
  void wrongSizesAndACacheAreRefused() {
    assertThrows(UsageException.class, () -> new LshAttention(3, 4, 1, 0, true));
    assertThrows(UsageException.class, () -> new LshAttention(4, 0, 1, 0, true));
    Probe probe =
        Probe.of(
            TensorType.f32("batch", "time", 8),
            ReformerAttention.of(Heads.of(8, 2), new LshAttention(4, 4, 1, 0, true)));
    TraceOptions step = TraceOptions.primitives().withCache(CacheMode.STEP);
    assertThrows(UsageException.class, () -> Graph.trace(probe, probe.inputs(), step));
  }
}
