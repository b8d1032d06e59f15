package org.attention4j.nn.longcontext;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.attention4j.error.ShapeException;
import org.attention4j.error.UsageException;
import org.attention4j.graph.CacheMode;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.nn.Probe;
import org.attention4j.op.AttentionCall;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;

/** Projections along time. */
final class LinformerTest {
  private static double[] exact(Map<String, HostTensor> values) {
    return Runs.of(values, in -> AttentionCall.of(in.get("q"), in.get("k"), in.get("v")).apply());
  }

  private static HostTensor identity(int n) {
    HostTensor matrix = Runs.zeros(n, n);
    for (int i = 0; i < n; i++) {
      matrix.set((long) i * n + i, 1.0);
    }
    return matrix;
  }

  @Test
  void withTheIdentityAsProjectionItIsFullAttention() {
    Map<String, HostTensor> values = Runs.attention(1, 2, 6);
    Weights weights = Weights.of(Map.of("projection", identity(6)));
    Runs.assertEqual(exact(values), Runs.of(new Linformer(6, 6, true), weights, values));
  }

  /** Section 4 of the paper: projections that mix what is alike lose little. */
  @Test
  void errorFallsWithTheRank() {
    int time = 32;
    Map<String, HostTensor> values = Runs.attention(2, 2, time);
    double[] exact = exact(smooth(values));
    double last = Double.POSITIVE_INFINITY;
    for (int rank : new int[] {2, 8, 16, 32}) {
      HostTensor mean = Runs.zeros(rank, time); // each row is the mean of neighbours
      for (int t = 0; t < time; t++) {
        mean.set((long) (t * rank / time) * time + t, (double) rank / time);
      }
      double error =
          Runs.error(
              exact,
              Runs.of(
                  new Linformer(time, rank, true), Weights.of(Map.of("projection", mean)), values));
      System.out.printf("linformer, rank %d: error %.4f%n", rank, error);
      assertTrue(error < last, rank + ": " + error + " after " + last);
      last = error;
    }
    assertTrue(last < 1e-11);
  }

  /** Keys and values that change slowly with time: a random walk. */
  private static Map<String, HostTensor> smooth(Map<String, HostTensor> values) {
    Random random = new Random(3);
    for (String name : new String[] {"k", "v"}) {
      HostTensor x = Runs.at(values, name);
      for (long i = 0; i < x.size(); i++) {
        boolean first = i / 8 % x.dim(2) == 0;
        x.set(i, first ? random.nextGaussian() : x.getDouble(i - 8) + 0.3 * random.nextGaussian());
      }
    }
    return values;
  }

  @Test
  void paddingAddsNothing() {
    Map<String, TensorType> types = new LinkedHashMap<>(Runs.attentionTypes());
    types.put("m", TensorType.i64("batch", "time"));
    Linformer linformer = new Linformer(6, 3, false);
    Probe probe =
        new Probe(
            types,
            (s, in) -> linformer.attend(s, in.get("q"), in.get("k"), in.get("v"), in.get("m")));
    Map<String, HostTensor> values = Runs.attention(5, 1, 6);
    values.put("m", HostTensor.of(new long[] {1, 1, 1, 1, 0, 0}, 1, 6));
    Weights weights = probe.weights(4);
    double[] before = probe.run(weights, values).toDoubleArray();
    for (String name : new String[] {"k", "v"}) {
      for (int i = 4 * 8; i < 6 * 8; i++) { // of the first head
        Runs.at(values, name).set(i, 9.0);
      }
    }
    Runs.assertEqual(before, probe.run(weights, values).toDoubleArray());
  }

  @Test
  void aLongerSequenceAndACacheAreRefused() {
    Linformer linformer = new Linformer(6, 3, false);
    Probe longer =
        new Probe(
            Map.of("x", TensorType.f32(1, 1, 7, 8)),
            (s, in) -> linformer.attend(s, in.get("x"), in.get("x"), in.get("x"), null));
    assertThrows(ShapeException.class, () -> Graph.trace(longer));
    Probe probe = Runs.variant(linformer);
    TraceOptions step = TraceOptions.primitives().withCache(CacheMode.STEP);
    UsageException e =
        assertThrows(UsageException.class, () -> Graph.trace(probe, probe.inputs(), step));
    assertTrue(String.valueOf(e.getMessage()).contains("uncached"), e.getMessage());
  }
}
