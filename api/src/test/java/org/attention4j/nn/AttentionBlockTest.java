package org.attention4j.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.attention4j.error.UsageException;
import org.attention4j.graph.Graph;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.MultiHeadAttention.Pairing;
import org.attention4j.op.Activation;
import org.attention4j.op.Mask;
import org.attention4j.op.RotaryEmbedding;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Multi-head attention and the layers built on it. */
final class AttentionBlockTest {
  private static final int WIDTH = 12;
  private static final TensorType TYPE = TensorType.f32("batch", "time", WIDTH);

  private static MultiHeadAttention plain(Mask mask) {
    return MultiHeadAttention.of(Heads.of(WIDTH, 3), mask);
  }

  @Test
  void separateAndFusedProjectionsComputeTheSameFromTheSameRows() {
    Heads heads = Heads.grouped(WIDTH, 4, 2); // 4 query heads of 3 on 2 key heads
    MultiHeadAttention separate = MultiHeadAttention.of(heads, Mask.causal());
    Probe probe = Probe.of(TYPE, separate);
    Weights w = probe.weights(1);
    HostTensor x = Probe.normal(2, 2, 5, WIDTH);
    double[] expected = probe.run(w, x).toDoubleArray();

    int[] blocks = new int[24]; // rows of q (0..11), k (12..17), v (18..23)
    int[] byHead = new int[24]; // q q k v of head 0, then of head 1
    for (int i = 0; i < 24; i++) {
      blocks[i] = i;
      int group = i / 12;
      int within = i % 12;
      byHead[i] =
          within < 6
              ? group * 6 + within
              : within < 9 ? 12 + group * 3 + within - 6 : 18 + group * 3 + within - 9;
    }
    MultiHeadAttention fused = separate.with(HeadProjections.fused("qkv", "out_proj"));
    MultiHeadAttention grouped = separate.with(HeadProjections.fusedByHead("qkv", "out_proj"));
    assertArrayEquals(
        expected, Probe.of(TYPE, fused).run(fuse(w, blocks), x).toDoubleArray(), 1e-13);
    assertArrayEquals(
        expected, Probe.of(TYPE, grouped).run(fuse(w, byHead), x).toDoubleArray(), 1e-13);
  }

  /** The rows of the three projections in another order under one name. */
  private static Weights fuse(Weights w, int[] order) {
    HostTensor weight = HostTensor.of(new float[24 * WIDTH], 24, WIDTH);
    HostTensor bias = HostTensor.of(new float[24], 24);
    for (int row = 0; row < 24; row++) {
      int from = order[row];
      String name = from < 12 ? "q_proj" : from < 18 ? "k_proj" : "v_proj";
      int at = from < 12 ? from : (from - 12) % 6;
      bias.set(row, w.get(name + ".bias").getDouble(at));
      for (int i = 0; i < WIDTH; i++) {
        weight.set(row * WIDTH + i, w.get(name + ".weight").getDouble(at * WIDTH + i));
      }
    }
    return Weights.of(
        Map.of(
            "qkv.weight",
            weight,
            "qkv.bias",
            bias,
            "out_proj.weight",
            w.get("out_proj.weight"),
            "out_proj.bias",
            w.get("out_proj.bias")));
  }

  @Test
  void groupedHeadsEqualRepeatedKeysAndValues() {
    Probe grouped = Probe.of(TYPE, MultiHeadAttention.of(Heads.grouped(WIDTH, 4, 2), Mask.all()));
    Probe full = Probe.of(TYPE, MultiHeadAttention.of(Heads.of(WIDTH, 4), Mask.all()));
    Weights w = grouped.weights(3);
    Weights repeated = w;
    for (String name : new String[] {"k_proj", "v_proj"}) {
      HostTensor weight = HostTensor.of(new float[WIDTH * WIDTH], WIDTH, WIDTH);
      HostTensor bias = HostTensor.of(new float[WIDTH], WIDTH);
      for (int row = 0; row < WIDTH; row++) {
        int from = row / 6 * 3 + row % 3; // head h reads key head h / 2
        bias.set(row, w.get(name + ".bias").getDouble(from));
        for (int i = 0; i < WIDTH; i++) {
          weight.set(row * WIDTH + i, w.get(name + ".weight").getDouble(from * WIDTH + i));
        }
      }
      repeated =
          repeated
              .without(name + ".weight")
              .without(name + ".bias")
              .with(name + ".weight", weight)
              .with(name + ".bias", bias);
    }
    HostTensor x = Probe.normal(4, 2, 5, WIDTH);
    assertArrayEquals(
        full.run(repeated, x).toDoubleArray(), grouped.run(w, x).toDoubleArray(), 1e-13);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void withoutPositionsAnEncoderLayerIsPermutationEquivariantAndWithThemNot(long seed) {
    TransformerEncoderLayer layer =
        new TransformerEncoderLayer(
            plain(Mask.all()),
            new FeedForward(WIDTH, 20, Activation.Kind.GELU),
            Residual.post(new LayerNorm(WIDTH)),
            TransformerEncoderLayer.Names.TORCH);
    Probe without = Probe.of(TYPE, layer);
    Probe with = Probe.of(TYPE, (s, x) -> layer.apply(s, new SinusoidalPositions().apply(s, x)));
    Weights w = without.weights(seed);
    HostTensor x = Probe.normal(seed + 10, 1, 6, WIDTH);
    int[] order = shuffled(6, seed);
    double[] moved = rows(without.run(w, x), order).toDoubleArray();
    assertArrayEquals(moved, without.run(w, rows(x, order)).toDoubleArray(), 1e-12, "seed " + seed);
    double[] placed = rows(with.run(w, x), order).toDoubleArray();
    double[] got = with.run(w, rows(x, order)).toDoubleArray();
    assertFalse(largest(placed, got) < 1e-2, "positions make no difference, seed " + seed);
  }

  private static int[] shuffled(int n, long seed) {
    Random random = new Random(seed);
    int[] order = new int[n];
    do {
      for (int i = 0; i < n; i++) {
        int j = random.nextInt(i + 1);
        order[i] = order[j];
        order[j] = i;
      }
    } while (order[0] == 0);
    return order;
  }

  private static HostTensor rows(HostTensor x, int[] order) {
    HostTensor result = x.copy();
    for (int t = 0; t < order.length; t++) {
      for (int i = 0; i < WIDTH; i++) {
        result.set((long) t * WIDTH + i, x.getDouble((long) order[t] * WIDTH + i));
      }
    }
    return result;
  }

  private static double largest(double[] a, double[] b) {
    double most = 0;
    for (int i = 0; i < a.length; i++) {
      most = Math.max(most, Math.abs(a[i] - b[i]));
    }
    return most;
  }

  @Test
  void rotaryScoresDependOnTheDistanceOnly() {
    MultiHeadAttention rotary =
        plain(Mask.causal()).with(Pairing.rotary(RotaryEmbedding.of(4, 10000, false)));
    Probe probe =
        new Probe(
            Map.of("x", TYPE, "ids", TensorType.i64("batch", "time")),
            (s, in) -> rotary.apply(s.positions(in.get("ids")), in.get("x")));
    Weights w = probe.weights(5);
    HostTensor x = Probe.normal(6, 1, 4, WIDTH);
    double[] near =
        probe
            .run(w, Probe.map("x", x, "ids", HostTensor.of(new long[] {0, 1, 2, 3}, 1, 4)))
            .toDoubleArray();
    double[] far =
        probe
            .run(w, Probe.map("x", x, "ids", HostTensor.of(new long[] {50, 51, 52, 53}, 1, 4)))
            .toDoubleArray();
    double[] apart =
        probe
            .run(w, Probe.map("x", x, "ids", HostTensor.of(new long[] {0, 2, 4, 9}, 1, 4)))
            .toDoubleArray();
    assertArrayEquals(near, far, 1e-12);
    assertFalse(largest(near, apart) < 1e-3);
  }

  @Test
  void attentionOnAGraphIsOneStepOfMessagePassing() {
    // a path 0 - 1 - 2 with loops; equal keys, so each node takes the mean of its neighbours
    Probe probe =
        new Probe(
            Map.of("x", TensorType.f32(1, 3, 2), "edges", TensorType.bool(3, 3)),
            (s, in) -> {
              org.attention4j.tensor.Tensor v = in.get("x").insert(1);
              return org.attention4j.op.AttentionCall.of(v.mul(0), v.mul(0), v)
                  .mask(Mask.pairs(in.get("edges")))
                  .apply();
            });
    HostTensor x = HostTensor.of(new double[] {1, 10, 3, 30, 8, 80}, 1, 3, 2);
    HostTensor edges =
        HostTensor.of(new boolean[] {true, true, false, true, true, true, false, true, true}, 3, 3);
    assertArrayEquals(
        new double[] {2, 20, 4, 40, 5.5, 55},
        probe.run(Weights.empty(), Probe.map("x", x, "edges", edges)).toDoubleArray(),
        1e-14);
  }

  @Test
  void crossAttentionTakesMemoryOfAnotherWidthAndLength() {
    MultiHeadAttention cross = plain(Mask.all());
    Probe probe =
        new Probe(
            Map.of("x", TYPE, "memory", TensorType.f32("batch", "source", 5)),
            (s, in) -> cross.cross(s, in.get("x"), in.get("memory"), Mask.all()));
    HostTensor y =
        probe.run(
            probe.weights(7),
            Probe.map("x", Probe.normal(8, 2, 3, WIDTH), "memory", Probe.normal(9, 2, 6, 5)));
    assertEquals("[2, 3, 12]", Arrays.toString(y.shape()));
    MultiHeadAttention fused = cross.with(HeadProjections.fused("qkv", "out"));
    Probe wrong =
        new Probe(
            probe.inputs(), (s, in) -> fused.cross(s, in.get("x"), in.get("memory"), Mask.all()));
    assertThrows(UsageException.class, () -> Graph.trace(wrong));
  }

  @Test
  void layersAreNamedAsInPyTorch() {
    TransformerDecoderLayer layer =
        new TransformerDecoderLayer(
            plain(Mask.causal()),
            plain(Mask.all()),
            new FeedForward(WIDTH, 20, Activation.Kind.RELU),
            Residual.post(new LayerNorm(WIDTH)),
            TransformerDecoderLayer.Names.TORCH);
    TransformerDecoder stack =
        new TransformerDecoder(layer, 2, new LayerNorm(WIDTH), StackNames.TORCH);
    Probe probe = Probe.of(TYPE, (s, x) -> stack.apply(s, x, Mask.all(), null, x, Mask.all()));
    Set<String> names = Graph.trace(probe).parameters().keySet();
    for (String wanted :
        new String[] {
          "layers.1.self_attn.q_proj.weight",
          "layers.0.multihead_attn.out_proj.bias",
          "layers.1.linear1.weight",
          "layers.0.linear2.bias",
          "layers.0.norm3.weight",
          "norm.bias"
        }) {
      assertEquals(true, names.contains(wanted), wanted + " in " + names);
    }
    assertEquals(2 * (2 * 8 + 4 + 6) + 2, names.size());
  }
}
