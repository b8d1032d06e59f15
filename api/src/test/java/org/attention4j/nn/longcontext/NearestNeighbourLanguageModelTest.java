package org.attention4j.nn.longcontext;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.error.UsageException;
import org.attention4j.nn.Probe;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;

/** kNN-LM against its equations. */
final class NearestNeighbourLanguageModelTest {
  private static final int ENTRIES = 9;
  private static final int VOCABULARY = 5;
  private static final int WIDTH = 3;

  private static Map<String, HostTensor> values() {
    Map<String, HostTensor> values = new LinkedHashMap<>();
    values.put("logits", Probe.normal(1, 1, 2, VOCABULARY));
    values.put("hidden", Probe.normal(2, 1, 2, WIDTH));
    values.put("keys", Probe.normal(3, ENTRIES, WIDTH));
    values.put("tokens", HostTensor.of(new long[] {0, 3, 3, 1, 0, 3, 1, 1, 0}, ENTRIES));
    return values;
  }

  private static double[] run(NearestNeighbourLanguageModel model, Map<String, HostTensor> values) {
    Map<String, TensorType> types = new LinkedHashMap<>();
    types.put("logits", TensorType.f32("batch", "time", VOCABULARY));
    types.put("hidden", TensorType.f32("batch", "time", WIDTH));
    types.put("keys", TensorType.f32("entries", WIDTH));
    types.put("tokens", TensorType.i64("entries"));
    Probe probe =
        new Probe(
            types,
            (s, in) ->
                model.logProbabilities(
                    in.get("logits"), in.get("hidden"), in.get("keys"), in.get("tokens")));
    return probe.run(Weights.empty(), values).toDoubleArray();
  }

  @Test
  void probabilitiesAreMixedAsInThePaper() {
    Map<String, HostTensor> values = values();
    int k = 4;
    double share = 0.3;
    double[] y = run(new NearestNeighbourLanguageModel(k, share, 2), values);
    for (int row = 0; row < 2; row++) {
      double[] distance = new double[ENTRIES];
      for (int e = 0; e < ENTRIES; e++) {
        for (int f = 0; f < WIDTH; f++) {
          double d =
              Runs.at(values, "hidden").getDouble((long) row * WIDTH + f)
                  - Runs.at(values, "keys").getDouble((long) e * WIDTH + f);
          distance[e] += d * d;
        }
      }
      double[] sorted = distance.clone();
      Arrays.sort(sorted);
      double[] found = new double[VOCABULARY];
      double norm = 0;
      for (int e = 0; e < ENTRIES; e++) {
        if (distance[e] <= sorted[k - 1]) {
          double weight = Math.exp(-distance[e] / 2);
          norm += weight;
          found[(int) Runs.at(values, "tokens").getLong(e)] += weight;
        }
      }
      double sum = 0;
      for (int t = 0; t < VOCABULARY; t++) {
        sum += Math.exp(Runs.at(values, "logits").getDouble((long) row * VOCABULARY + t));
      }
      double total = 0;
      for (int t = 0; t < VOCABULARY; t++) {
        double own =
            Math.exp(Runs.at(values, "logits").getDouble((long) row * VOCABULARY + t)) / sum;
        double expected = share * found[t] / norm + (1 - share) * own;
        assertEquals(Math.log(expected), y[row * VOCABULARY + t], 1e-10);
        total += expected;
      }
      assertEquals(1, total, 1e-12);
    }
  }

  @Test
  void withoutAShareItIsTheLanguageModelAlone() {
    Map<String, HostTensor> values = values();
    double[] y = run(new NearestNeighbourLanguageModel(2, 0, 1), values);
    double[] tiny = run(new NearestNeighbourLanguageModel(2, 1e-14, 1), values);
    Runs.assertEqual(y, tiny);
  }

  @Test
  void wrongSizesAreRefused() {
    assertThrows(UsageException.class, () -> new NearestNeighbourLanguageModel(0, 0.5, 1));
    assertThrows(UsageException.class, () -> new NearestNeighbourLanguageModel(1, 1, 1));
    assertThrows(UsageException.class, () -> new NearestNeighbourLanguageModel(1, 0.5, 0));
  }
}
