package org.attention4j.nn.longcontext;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.error.ShapeException;
import org.attention4j.error.UsageException;
import org.attention4j.graph.Graph;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.Probe;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Segment recurrence. */
final class TransformerXlAttentionTest {
  private static final int WIDTH = 6;
  private static final TransformerXlAttention ATTENTION =
      TransformerXlAttention.of(Heads.of(WIDTH, 1));
  private static final TensorType X = TensorType.f32("batch", "time", WIDTH);

  /** Equation in section 3.3 of the paper, pair by pair. */
  @Test
  void scoresAreThoseOfThePaper() {
    int time = 5;
    Probe probe = Probe.of(X, ATTENTION);
    Weights w = probe.weights(1);
    HostTensor x = Probe.normal(2, 1, time, WIDTH);
    double[][] input = new double[time][WIDTH];
    double[][] wave = new double[time][WIDTH];
    for (int i = 0; i < time; i++) {
      for (int f = 0; f < WIDTH; f++) {
        input[i][f] = x.getDouble((long) i * WIDTH + f);
        double angle = i * Math.pow(10000, -2.0 * (f % (WIDTH / 2)) / WIDTH);
        wave[i][f] = f < WIDTH / 2 ? Math.sin(angle) : Math.cos(angle);
      }
    }
    double[][] q = linear(w, "q_proj", input);
    double[][] k = linear(w, "k_proj", input);
    double[][] v = linear(w, "v_proj", input);
    double[][] r = linear(w, "position", wave);
    double[][] y = new double[time][WIDTH];
    for (int i = 0; i < time; i++) {
      double sum = 0;
      for (int j = 0; j <= i; j++) {
        double score = 0;
        for (int f = 0; f < WIDTH; f++) {
          score += (q[i][f] + w.get("content_bias").getDouble(f)) * k[j][f];
          score += (q[i][f] + w.get("position_bias").getDouble(f)) * r[i - j][f];
        }
        double weight = Math.exp(score / Math.sqrt(WIDTH));
        sum += weight;
        for (int f = 0; f < WIDTH; f++) {
          y[i][f] += weight * v[j][f];
        }
      }
      for (int f = 0; f < WIDTH; f++) {
        y[i][f] /= sum;
      }
    }
    double[][] expected = linear(w, "out_proj", y);
    double[] actual = probe.run(w, x).toDoubleArray();
    for (int i = 0; i < time * WIDTH; i++) {
      assertEquals(expected[i / WIDTH][i % WIDTH], actual[i], 1e-12);
    }
  }

  private static double[][] linear(Weights weights, String name, double[][] x) {
    double[][] y = new double[x.length][WIDTH];
    HostTensor w = weights.get(name + ".weight");
    for (int i = 0; i < x.length; i++) {
      for (int out = 0; out < WIDTH; out++) {
        for (int in = 0; in < WIDTH; in++) {
          y[i][out] += x[i][in] * w.getDouble((long) out * WIDTH + in);
        }
      }
    }
    return y;
  }

  /** Two layers in segments of 3, 3 and 2, each layer remembering all that it saw. */
  @Test
  void segmentsWithTheirMemoryGiveTheWholeSequence() {
    Probe whole = Probe.of(X, (s, x) -> twoLayers(s, x, null, null)[0]);
    Probe segments =
        Probe.of(
            TensorType.f32(2, 8, WIDTH),
            (s, x) -> {
              Tensor empty = x.slice(1, 0, 0);
              Tensor[] state = {empty, empty, empty};
              Tensor all = empty;
              for (int from = 0; from < 8; from += 3) {
                Tensor part = x.slice(1, from, Math.min(8, from + 3));
                state = twoLayers(s, part, state[1], state[2]);
                all = all.concat(1, state[0]);
              }
              return all;
            });
    Weights weights = whole.weights(3);
    HostTensor x = Probe.normal(4, 2, 8, WIDTH);
    Runs.assertEqual(
        whole.run(weights, x).toDoubleArray(), segments.run(weights, x).toDoubleArray());
  }

  /** The output, and what each layer saw so far. */
  private static Tensor[] twoLayers(
      Scope scope, Tensor x, @Nullable Tensor first, @Nullable Tensor second) {
    Tensor h = x.add(scope.in("0", s -> ATTENTION.apply(s, x, first)));
    Tensor y = h.add(scope.in("1", s -> ATTENTION.apply(s, h, second)));
    return first == null || second == null
        ? new Tensor[] {y}
        : new Tensor[] {y, first.concat(1, x), second.concat(1, h)};
  }

  @Test
  void whatIsRememberedIsTheLastStates() {
    Map<String, TensorType> types = new LinkedHashMap<>();
    types.put("m", TensorType.f32("batch", "memory", 1));
    types.put("x", TensorType.f32("batch", "time", 1));
    Probe probe =
        new Probe(types, (s, in) -> TransformerXlAttention.remember(in.get("m"), in.get("x"), 3));
    HostTensor m = HostTensor.of(new double[] {1, 2, 3}, 1, 3, 1);
    HostTensor x = HostTensor.of(new double[] {4, 5}, 1, 2, 1);
    Runs.assertEqual(
        new double[] {3, 4, 5},
        probe.run(Weights.empty(), Probe.map("m", m, "x", x)).toDoubleArray());
    Probe shorter =
        Probe.of(TensorType.f32(1, 2, 1), (s, t) -> TransformerXlAttention.remember(t, t, 5));
    assertThrows(ShapeException.class, () -> Graph.trace(shorter));
  }

  @Test
  void wrongSizesAreRefused() {
    assertThrows(UsageException.class, () -> TransformerXlAttention.of(Heads.grouped(8, 4, 2)));
    assertThrows(UsageException.class, () -> TransformerXlAttention.of(Heads.of(9, 3)));
  }
}
