package org.attention4j.engine.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.graph.Graph;
import org.attention4j.nn.Init;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.Device;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.junit.jupiter.api.Test;

/** Slices that cut a whole axis become one split; the others stay slices. */
class SplitsTest {
  /** Slices of an axis of size 6, each scaled by its number, then joined in reverse. */
  private record Cuts(List<int[]> bounds) implements Model {
    @Override
    public Map<String, TensorType> inputs() {
      return Map.of("anchor", TensorType.f32());
    }

    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs in) {
      Tensor x = scope.param("a0", Init.zeros(), 2, 6);
      Tensor loss = in.get("anchor");
      Map<String, Tensor> outputs = new LinkedHashMap<>();
      for (int i = bounds.size() - 1; i >= 0; i--) { // not in the order of the axis
        Tensor part = x.slice(1, bounds.get(i)[0], bounds.get(i)[1]);
        outputs.put("y" + i, part);
        loss = loss.add(part.mul(part).mul(i + 1.0).sumTo(List.of()));
      }
      outputs.put("loss", loss);
      return outputs;
    }
  }

  private static String source(Cuts cuts) {
    return new GraphScript(
            "f", Graph.trace(cuts), Precision.F32, Device.cpu(), Fusion.PYTORCH, true)
        .source();
  }

  @Test
  void onlyACompletePartitionIsSplit() {
    assertTrue(source(new Cuts(List.of(new int[] {0, 2}, new int[] {2, 6}))).contains("split"));
    List<List<int[]>> partial =
        List.of(
            List.of(new int[] {0, 2}, new int[] {3, 6}),
            List.of(new int[] {0, 3}, new int[] {2, 6}),
            List.of(new int[] {0, 2}, new int[] {2, 5}),
            List.of(new int[] {1, 6}));
    for (List<int[]> bounds : partial) {
      assertFalse(source(new Cuts(bounds)).contains("split"));
    }
  }

  @Test
  void valuesAndGradientsAreThoseOfTheSlices() {
    HostTensor x = OpModel.normal(1, 2, 6);
    Cuts cuts = new Cuts(List.of(new int[] {0, 1}, new int[] {1, 4}, new int[] {4, 6}));
    Map<String, HostTensor> got = AgainstReference.runAndDifferentiate(cuts, x);
    for (int row = 0; row < 2; row++) {
      for (int i = 0; i < 6; i++) {
        double factor = i < 1 ? 1 : i < 4 ? 2 : 3;
        double wanted = 2 * factor * x.getDouble(row * 6L + i);
        assertEquals(wanted, TinyGpt.get(got, "a0").getDouble(row * 6L + i), 1e-5);
      }
    }
    assertEquals(x.getDouble(4), TinyGpt.get(got, "y2").getDouble(0), 1e-6);
  }
}
