package org.attention4j.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.attention4j.error.UsageException;
import org.attention4j.op.Activation;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;

/** How parameters start. */
final class InitTest {
  private static final long[] SHAPE = {100, 200};

  private static double[] values(Init init) {
    return init.values(SHAPE, 5, "a.weight").toDoubleArray();
  }

  private static double deviation(double[] values) {
    double mean = Arrays.stream(values).average().orElseThrow();
    return Math.sqrt(Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum() / values.length);
  }

  @Test
  void distributionsHaveTheirMoments() {
    assertEquals(0.02, deviation(values(Init.normal(0.02))), 0.0005);
    double[] uniform = values(Init.fanIn(25));
    assertEquals(0.2 / Math.sqrt(3), deviation(uniform), 0.002);
    assertTrue(Arrays.stream(uniform).allMatch(v -> Math.abs(v) <= 0.2f));
    assertEquals(
        Math.sqrt(2.0 / 300),
        deviation(values(Init.xavier(100, 200))),
        0.002); // variance 2/(in+out)
    assertEquals(0, Arrays.stream(values(Init.normal(1))).average().orElseThrow(), 0.03);
    assertTrue(Arrays.stream(values(Init.constant(3))).allMatch(v -> v == 3));
  }

  @Test
  void valuesDependOnSeedAndPathOnly() {
    Init init = Init.normal(1);
    HostTensor first = init.values(SHAPE, 5, "h.0.weight");
    assertTrue(first.equalsExactly(init.values(SHAPE, 5, "h.0.weight")));
    assertFalse(first.equalsExactly(init.values(SHAPE, 6, "h.0.weight")));
    assertFalse(first.equalsExactly(init.values(SHAPE, 5, "h.1.weight")));
  }

  @Test
  void aProgramsParametersStartAloneOfTheOrderTheyAreAskedFor() {
    TensorType type = TensorType.f32("n", 4);
    Linear linear = new Linear(4, 4);
    Probe one = Probe.of(type, (s, x) -> s.call("b", linear, s.call("a", linear, x)));
    Probe two = Probe.of(type, (s, x) -> s.call("a", linear, s.call("b", linear, x)));
    Weights first = Parameters.init(Program.of(one), 9);
    Weights second = Parameters.init(Program.of(two), 9);
    for (String path : List.of("a.weight", "b.weight")) {
      assertTrue(first.get(path).equalsExactly(second.get(path)), path);
    }
  }

  @Test
  void theScaledStartOfResidualProjectionsReachesTheirWeight() {
    Linear.Style in = Linear.Style.usual().starting(Init.normal(0.02));
    Linear.Style out = in.starting(Init.normal(0.02 / Math.sqrt(24)));
    FeedForward block = new FeedForward(128, 512, Activation.Kind.GELU).styled(in, out);
    Weights weights = Parameters.init(Program.of(Probe.of(TensorType.f32("n", 128), block)), 1);
    Map<String, Double> expected =
        Map.of("linear1.weight", 0.02, "linear2.weight", 0.02 / Math.sqrt(24));
    expected.forEach(
        (path, deviation) ->
            assertEquals(
                deviation, deviation(weights.get(path).toDoubleArray()), 0.02 * deviation, path));
    assertEquals(0, deviation(weights.get("linear1.bias").toDoubleArray()));
  }

  @Test
  void aScaleThatIsNoNumberIsRefused() {
    assertThrows(UsageException.class, () -> Init.normal(Double.NaN));
  }
}
