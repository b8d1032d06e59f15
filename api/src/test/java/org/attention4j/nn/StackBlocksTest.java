package org.attention4j.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.error.UsageException;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.op.Activation;
import org.attention4j.op.Mask;
import org.attention4j.op.MixtureOfExperts;
import org.attention4j.op.Positions;
import org.attention4j.op.RotaryEmbedding;
import org.attention4j.op.Start;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;

/** Layers that differ, and what they are made of, against the same written out. */
final class StackBlocksTest {
  private static final int WIDTH = 8;
  private static final TensorType TYPE = TensorType.f32("batch", "time", WIDTH);
  private static final HostTensor X = Probe.normal(3, 2, 5, WIDTH);
  private static final MultiHeadAttention ATTENTION =
      MultiHeadAttention.of(Heads.of(WIDTH, 2), Mask.causal());
  private static final FeedForward FEED = new FeedForward(WIDTH, 12, Activation.Kind.GELU);
  private static final LayerNorm NORM = new LayerNorm(WIDTH);

  private static TransformerEncoderLayer.Names names(String first, String second) {
    return new TransformerEncoderLayer.Names("a", first, "f", second);
  }

  private static void assertSame(Block expected, Block got) {
    Probe probe = Probe.of(TYPE, expected);
    Weights weights = probe.weights(1);
    assertEquals(weights.names(), Probe.of(TYPE, got).weights(1).names());
    assertArrayEquals(
        probe.run(weights, X).toDoubleArray(),
        Probe.of(TYPE, got).run(weights, X).toDoubleArray(),
        1e-13);
  }

  private static Block block(Layer layer) {
    return (s, x) -> layer.apply(s, x, Mask.all(), null);
  }

  @Test
  void parallelBranchesReadTheSameInputThroughTheirOwnNorms() {
    assertSame(
        (s, x) ->
            x.add(s.call("a", ATTENTION, s.call("n", NORM, x)))
                .add(s.call("f", FEED, s.call("m", NORM, x))),
        block(new ParallelLayer(ATTENTION, FEED, NORM, names("n", "m"), 0)));
  }

  @Test
  void parallelBranchesShareANormOfOneName() {
    assertSame(
        (s, x) -> {
          var y = s.call("n", NORM, x);
          return x.add(s.call("a", ATTENTION, y)).add(s.call("f", FEED, y));
        },
        block(new ParallelLayer(ATTENTION, FEED, NORM, names("n", "n"), 0)));
  }

  @Test
  void aSandwichNormalisesBeforeAndAfterEachBranch() {
    SandwichLayer.Names names = new SandwichLayer.Names("a", "n1", "n2", "f", "n3", "n4");
    assertSame(
        (s, x) -> {
          var y = x.add(s.call("n2", NORM, s.call("a", ATTENTION, s.call("n1", NORM, x))));
          return y.add(s.call("n4", NORM, s.call("f", FEED, s.call("n3", NORM, y))));
        },
        block(new SandwichLayer(ATTENTION, FEED, NORM, names)));
  }

  @Test
  void layersOfAStackMayDifferAndTellWhereTheirValuesAre() {
    Layer one = new ParallelLayer(ATTENTION, FEED, NORM, names("n", "n"), 0);
    Layer two = new TransformerEncoderLayer(ATTENTION, FEED, Residual.pre(NORM), names("n", "m"));
    LayerStack stack = new LayerStack(List.of(one, two), NORM, new StackNames("h", "last"));
    assertSame(
        (s, x) -> {
          var y = s.in("h.0", t -> one.apply(t, x, Mask.all(), null));
          return s.call("last", NORM, s.in("h.1", t -> two.apply(t, y, Mask.all(), null)));
        },
        (s, x) -> stack.apply(s, x, Mask.all(), null));
    Map<String, String> paths = new LinkedHashMap<>(stack.observable("model"));
    assertEquals("model.embedded", paths.get("hidden_states.0"));
    assertEquals("model.h.0", paths.get("hidden_states.1"));
    assertEquals("model.last", paths.get("hidden_states.2"));
    assertEquals("model.h.1.a.weights", paths.get("attentions.1"));
    Probe probe =
        new Probe(
            Map.of("x", TYPE),
            (s, in) -> s.in("model", t -> stack.apply(t, in.get("x"), Mask.all(), null)));
    Graph graph =
        Graph.trace(
            probe, probe.inputs(), TraceOptions.primitives().observing(paths::containsValue));
    for (String path : paths.values()) {
      assertTrue(graph.outputs().containsKey("observed." + path), path);
    }
    assertThrows(UsageException.class, () -> new LayerStack(List.of(), NORM, StackNames.TORCH));
  }

  @Test
  void aJoinedGateIsTheFirstHalf() {
    Linear.Style plain = Linear.Style.usual().withoutBias();
    Probe joined =
        Probe.of(
            TYPE,
            new FusedGatedFeedForward(
                WIDTH, 12, Activation.Kind.SILU, plain, plain, "both", "down_proj"));
    Probe apart = Probe.of(TYPE, new GatedFeedForward(WIDTH, 12, Activation.Kind.SILU));
    Weights w = joined.weights(4);
    HostTensor both = w.get("both.weight");
    Weights cut =
        Weights.of(
            Map.of(
                "gate_proj.weight",
                rows(both, 0, 12),
                "up_proj.weight",
                rows(both, 12, 24),
                "down_proj.weight",
                w.get("down_proj.weight")));
    assertArrayEquals(apart.run(cut, X).toDoubleArray(), joined.run(w, X).toDoubleArray(), 1e-13);
  }

  private static HostTensor rows(HostTensor x, int from, int to) {
    HostTensor cut = HostTensor.zeros(x.dtype(), to - from, x.dim(1));
    for (long i = 0; i < cut.size(); i++) {
      cut.set(i, x.getDouble(from * x.dim(1) + i));
    }
    return cut;
  }

  @Test
  void expertsOfTheirOwnComputeAsStackedOnes() {
    MixtureOfExperts routing = new MixtureOfExperts(2, Activation.Kind.SILU, true, true);
    Probe apart =
        Probe.of(
            TYPE,
            new ExpertLayers(
                WIDTH, 6, 3, routing, new ExpertLayers.Names("router", "e", "g", "u", "d")));
    Weights w = apart.weights(5);
    HostTensor gate = HostTensor.zeros(w.get("e.0.g.weight").dtype(), 3, WIDTH, 6);
    HostTensor up = HostTensor.zeros(gate.dtype(), 3, WIDTH, 6);
    HostTensor down = HostTensor.zeros(gate.dtype(), 3, 6, WIDTH);
    for (int n = 0; n < 3; n++) {
      for (int out = 0; out < 6; out++) {
        for (int in = 0; in < WIDTH; in++) {
          int first = (n * WIDTH + in) * 6 + out;
          gate.set(first, w.get("e." + n + ".g.weight").getDouble(out * WIDTH + in));
          up.set(first, w.get("e." + n + ".u.weight").getDouble(out * WIDTH + in));
          down.set(
              (n * 6 + out) * WIDTH + in, w.get("e." + n + ".d.weight").getDouble(in * 6 + out));
        }
      }
    }
    Weights stacked =
        Weights.of(
            Map.of("router.weight", w.get("router.weight"), "gate", gate, "up", up, "down", down));
    Probe together = Probe.of(TYPE, new MixtureOfExpertsBlock(WIDTH, 6, 3, routing));
    assertArrayEquals(
        together.run(stacked, X).toDoubleArray(), apart.run(w, X).toDoubleArray(), 1e-13);
  }

  private static double[] turned(Rotation rotation, int time) {
    Probe probe =
        new Probe(
            Map.of("x", TensorType.f32("batch", "time", 8)),
            (s, in) -> rotation.turn(in.get("x").insert(1), s.positionsOf(in.get("x"))).drop(1));
    return probe.run(Weights.empty(), Probe.normal(6, 1, time, 8)).toDoubleArray();
  }

  @Test
  void dynamicFrequenciesArePlainUpToTheContextAndOfAGrownBaseBeyond() {
    Rotation dynamic = LengthRotation.dynamic(8, 100, 2, 6);
    Rotation plain = new Rotation.Fixed(RotaryEmbedding.of(8, 100, false));
    assertArrayEquals(turned(plain, 6), turned(dynamic, 6), 1e-13);
    double base = 100 * Math.pow(2 * 9.0 / 6 - 1, 8.0 / 6); // 9 tokens, factor 2
    Rotation grown = new Rotation.Fixed(RotaryEmbedding.of(8, base, false));
    assertArrayEquals(turned(grown, 9), turned(dynamic, 9), 1e-12);
    assertThrows(UsageException.class, () -> LengthRotation.dynamic(2, 100, 2, 6));
  }

  @Test
  void longRopeSwitchesFrequenciesBeyondTheContext() {
    List<Double> few = List.of(1.0, 0.5, 0.2, 0.1);
    List<Double> many = List.of(0.9, 0.3, 0.1, 0.01);
    Rotation switching = LengthRotation.switching(few, many, 6, 1.5);
    Rotation first = new Rotation.Fixed(new RotaryEmbedding(few, 1.5, false));
    Rotation second = new Rotation.Fixed(new RotaryEmbedding(many, 1.5, false));
    assertArrayEquals(turned(first, 6), turned(switching, 6), 1e-13);
    assertArrayEquals(turned(second, 7), turned(switching, 7), 1e-13);
  }

  @Test
  void positionsOfTokensDoNotCountPadding() {
    Probe probe =
        new Probe(
            Map.of("mask", TensorType.i64("batch", "keys")),
            (s, in) ->
                Positions.ofTokens(in.get("mask"), Start.at(2), in.get("mask").dim(1).minus(2)));
    HostTensor mask = HostTensor.of(new long[] {0, 0, 1, 7, 1, 1, 1, 1, 0, 0}, 2, 5);
    assertArrayEquals(
        new long[] {0, 1, 2, 2, 2, 2},
        probe.run(Weights.empty(), Map.of("mask", mask)).toLongArray());
  }

  @Test
  void queriesThatAreTokensAreFoundBehindAStart() {
    Probe probe =
        new Probe(
            Map.of("mask", TensorType.i64("batch", "keys")),
            (s, in) ->
                Positions.tokensAt(in.get("mask"), Start.at(2), in.get("mask").dim(1).minus(2)));
    HostTensor mask = HostTensor.of(new long[] {0, 0, 1, 7, 0, 1, 1, 0, 1, 0}, 2, 5);
    assertArrayEquals(
        new long[] {1, 1, 0, 0, 1, 0},
        probe.run(Weights.empty(), Map.of("mask", mask)).toLongArray());
  }
}
