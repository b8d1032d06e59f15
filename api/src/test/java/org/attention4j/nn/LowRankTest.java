package org.attention4j.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.attention4j.error.UsageException;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.reference.ReferenceEngine;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.spi.TrainerState;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.train.AdamW;
import org.attention4j.train.ParameterGroup;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Low-rank adapters are the update of a weight that they stand for, and learn without it. */
class LowRankTest {
  private static final int IN = 5;
  private static final int OUT = 4;
  private static final TensorType X = TensorType.f32("batch", IN);

  private static Probe adapted(boolean inFirst, LowRank adapter) {
    Linear.Style style = Linear.Style.usual();
    Linear layer = new Linear(IN, OUT, inFirst ? style.storedInFirst() : style);
    return Probe.of(X, (s, x) -> s.adapted(adapter).call("block.up", layer, x));
  }

  private static HostTensor input() {
    return HostTensor.of(new Random(3).doubles(3 * IN, -1, 1).toArray(), 3, IN);
  }

  /** W + scale B A, in the order in which the weight is stored. */
  private static Weights merged(Weights weights, boolean inFirst, double scale) {
    HostTensor a = weights.get("block.up." + LowRank.DOWN);
    HostTensor b = weights.get("block.up." + LowRank.UP);
    int rank = (int) a.dim(0);
    HostTensor weight = weights.get("block.up.weight").cast(DType.F64);
    HostTensor sum = weight.copy();
    for (int o = 0; o < OUT; o++) {
      for (int i = 0; i < IN; i++) {
        double product = 0;
        for (int r = 0; r < rank; r++) {
          product += b.getDouble((long) o * rank + r) * a.getDouble((long) r * IN + i);
        }
        long place = inFirst ? (long) i * OUT + o : (long) o * IN + i;
        sum.set(place, weight.getDouble(place) + scale * product);
      }
    }
    return weights.with("block.up.weight", sum);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void adapterComputesWhatTheMergedWeightDoes(boolean inFirst) {
    Probe probe = adapted(inFirst, new LowRank(2, 0.75, 0, ".*up"));
    Weights weights = probe.weights(1);
    Linear.Style style = Linear.Style.usual();
    Linear layer = new Linear(IN, OUT, inFirst ? style.storedInFirst() : style);
    Probe plain = Probe.of(X, (s, x) -> s.call("block.up", layer, x));
    HostTensor expected = plain.run(merged(weights, inFirst, 0.75), input());
    HostTensor got = probe.run(weights, input());
    for (int i = 0; i < expected.size(); i++) {
      assertEquals(expected.getDouble(i), got.getDouble(i), 1e-12);
    }
  }

  @Test
  void changesNothingAtFirstAndLeavesOtherLayersAlone() {
    Probe probe = adapted(false, new LowRank(2, 1, 0, ".*up"));
    Weights start = Parameters.init(Program.of(probe), 1);
    Probe plain = adapted(false, new LowRank(2, 1, 0, ".*down"));
    assertEquals(
        Set.of("block.up.weight", "block.up.bias"), Parameters.init(Program.of(plain), 1).names());
    assertTrue(probe.run(start, input()).equalsExactly(plain.run(start, input())));
    assertTrue(LowRank.owns("block.up.lora_A.weight"));
    assertFalse(LowRank.owns("block.up.weight"));
  }

  @Test
  void wrongSizesAreRefused() {
    assertThrows(UsageException.class, () -> new LowRank(0, 1, 0, ".*"));
    assertThrows(UsageException.class, () -> new LowRank(1, 1, 1, ".*"));
    assertThrows(UsageException.class, () -> new LowRank(1, Double.NaN, 0, ".*"));
    assertThrows(UsageException.class, () -> new LowRank(1, 1, 0, "("));
  }

  /** Mean square of a linear layer's output. */
  private record Square() implements Model {
    @Override
    public Map<String, TensorType> inputs() {
      return Map.of("x", X);
    }

    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
      Tensor y = scope.call("up", new Linear(IN, OUT), inputs.get("x")).sub(1);
      return Map.of("loss", y.mul(y).sumTo(List.of()));
    }
  }

  @Test
  void onlyTheAdapterLearns() {
    Program program = Program.of(new AdaptedModel(new Square(), new LowRank(2, 2, 0.1, "up")));
    Weights start = Parameters.init(program, 1);
    AdamW optimizer =
        AdamW.lr(0.05)
            .decaying(List.of(ParameterGroup.frozen("(?!.*lora_[AB]).*"), ParameterGroup.all(0)));
    Map<String, HostTensor> batch = Map.of("x", input());
    TrainerOptions options = TrainerOptions.of(optimizer);
    try (Trainer trainer = new ReferenceEngine().train(program, start, options)) {
      double first = trainer.step(batch).loss();
      double last = first;
      for (int i = 0; i < 60; i++) {
        last = trainer.step(batch).loss();
      }
      assertTrue(last < first / 2, first + " to " + last);
      TrainerState state = trainer.state();
      assertTrue(state.weights().get("up.weight").equalsExactly(start.get("up.weight")));
      assertTrue(state.weights().get("up.bias").equalsExactly(start.get("up.bias")));
      assertEquals(4, state.slots().size(), "two of each matrix of the adapter");
    }
    AdamW none = optimizer.decaying(List.of(ParameterGroup.frozen(".*")));
    assertThrows(
        UsageException.class,
        () -> new ReferenceEngine().train(program, start, TrainerOptions.of(none)).close());
  }

  /** The product that would be the gradient of the weight is not even in the graph. */
  @Test
  void frozenWeightsCostNoGradient() {
    Graph forward = Program.of(new Square()).graph(TraceOptions.primitives());
    Graph all = forward.gradient("loss", (op, types) -> false);
    Graph bias =
        forward.gradient("loss", (op, types) -> false, (path, type) -> path.endsWith("bias"));
    assertFalse(bias.outputs().containsKey("grad.up.weight"));
    assertTrue(bias.outputs().containsKey("grad.up.bias"));
    assertTrue(bias.nodes().size() < all.nodes().size());
  }
}
