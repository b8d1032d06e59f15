package org.attention4j.nn.longcontext;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.error.ShapeException;
import org.attention4j.error.UsageException;
import org.attention4j.graph.Graph;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.Probe;
import org.attention4j.nn.Scope;
import org.attention4j.nn.longcontext.MemorizingAttention.Joining;
import org.attention4j.nn.longcontext.MemorizingAttention.Memory;
import org.attention4j.op.Mask;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;

/** Attention over an external memory by nearest neighbours. */
final class MemorizingAttentionTest {
  private static final Heads HEADS = Heads.of(8, 2);

  /** The last tokens of a sequence, those before being in the memory. */
  private static Tensor behindMemory(Scope s, Tensor x, int from, MemorizingAttention attention) {
    Tensor empty = x.slice(1, 0, 0).split(-1, 2, 4).permute(0, 2, 1, 3);
    MemorizingAttention filler = MemorizingAttention.of(HEADS, 1, Joining.SOFTMAX);
    Tensor zero = x.slice(1, 0, 1).mul(0).split(-1, 2, 4).permute(0, 2, 1, 3);
    Memory memory =
        new Memory(empty, empty)
            .and(filler.apply(s, x.slice(1, 0, from), new Memory(zero, zero)).fresh());
    return attention.apply(s, x.slice(1, from, x.dim(1)), memory.last(from)).output();
  }

  @Test
  void withEveryEntryANeighbourItIsFullAttention() {
    Probe full =
        Probe.of(
            TensorType.f32(2, 9, 8),
            (s, x) -> MultiHeadAttention.of(HEADS, Mask.causal()).apply(s, x).slice(1, 6, 9));
    Probe recalled =
        Probe.of(
            TensorType.f32(2, 9, 8),
            (s, x) -> behindMemory(s, x, 6, MemorizingAttention.of(HEADS, 6, Joining.SOFTMAX)));
    Weights weights = full.weights(1);
    HostTensor x = Probe.normal(2, 2, 9, 8);
    Runs.assertEqual(
        full.run(weights, x).toDoubleArray(), recalled.run(weights, x).toDoubleArray());
  }

  @Test
  void theGateIsEachHeadsShareOfTheMemory() {
    MemorizingAttention attention = MemorizingAttention.of(HEADS, 3, Joining.GATE);
    Map<String, TensorType> types = new LinkedHashMap<>();
    types.put("x", TensorType.f32("batch", "time", 8));
    types.put("k", TensorType.f32("batch", 2, "entries", 4));
    types.put("v", TensorType.f32("batch", 2, "entries", 4));
    Probe probe =
        new Probe(
            types,
            (s, in) ->
                attention.apply(s, in.get("x"), new Memory(in.get("k"), in.get("v"))).output());
    Map<String, HostTensor> values = new LinkedHashMap<>();
    values.put("x", Probe.normal(3, 1, 4, 8));
    values.put("k", Probe.normal(4, 1, 2, 7, 4));
    values.put("v", Probe.normal(5, 1, 2, 7, 4));
    Weights weights = probe.weights(6);
    Probe local =
        Probe.of(TensorType.f32("batch", "time", 8), MultiHeadAttention.of(HEADS, Mask.causal()));
    double[] near = local.run(weights, Runs.at(values, "x")).toDoubleArray();
    double[] closed = probe.run(gate(weights, -60), values).toDoubleArray();
    Runs.assertEqual(near, closed);
    double[] open = probe.run(gate(weights, 60), values).toDoubleArray();
    double[] half = probe.run(gate(weights, 0), values).toDoubleArray();
    for (int i = 0; i < half.length; i++) {
      assertEquals((open[i] + closed[i]) / 2, half[i], 1e-11);
    }
  }

  private static Weights gate(Weights weights, double logit) {
    return weights.map(
        (path, tensor) ->
            path.equals("gate") ? HostTensor.of(new double[] {logit, logit}, 2) : tensor);
  }

  /** A context of 4 tokens; what is asked for lies 40 tokens back. */
  @Test
  void aTokenTenContextsBackIsCopied() {
    int entries = 40;
    Heads one = Heads.of(64, 1);
    MemorizingAttention attention = MemorizingAttention.of(one, 1, Joining.GATE);
    Map<String, TensorType> types = new LinkedHashMap<>();
    types.put("x", TensorType.f32(1, 4, 64));
    types.put("k", TensorType.f32(1, 1, entries, 64));
    types.put("v", TensorType.f32(1, 1, entries, 64));
    Probe probe =
        new Probe(
            types,
            (s, in) ->
                attention.apply(s, in.get("x"), new Memory(in.get("k"), in.get("v"))).output());
    Weights weights =
        probe
            .weights(7)
            .map(
                (path, t) ->
                    path.equals("gate")
                        ? HostTensor.of(new double[] {60}, 1)
                        : path.endsWith("bias") ? Runs.zeros(64) : identity());
    Map<String, HostTensor> values = new LinkedHashMap<>();
    values.put("k", Probe.normal(8, 1, 1, entries, 64));
    values.put("v", Probe.normal(9, 1, 1, entries, 64));
    HostTensor x = Runs.zeros(1, 4, 64);
    for (int i = 0; i < 4 * 64; i++) {
      x.set(i, Runs.at(values, "k").getDouble(i)); // asks for entries 0 to 3
    }
    values.put("x", x);
    double[] y = probe.run(weights, values).toDoubleArray();
    for (int i = 0; i < 4 * 64; i++) {
      assertEquals(Runs.at(values, "v").getDouble(i), y[i], 1e-11);
    }
  }

  private static HostTensor identity() {
    HostTensor matrix = Runs.zeros(64, 64);
    for (int i = 0; i < 64; i++) {
      matrix.set(65L * i, 1.0);
    }
    return matrix;
  }

  @Test
  void moreNeighboursThanEntriesAndGroupedHeadsAreRefused() {
    assertThrows(
        UsageException.class,
        () -> MemorizingAttention.of(Heads.grouped(8, 4, 2), 3, Joining.GATE));
    Probe probe =
        Probe.of(
            TensorType.f32(1, 5, 8),
            (s, x) -> behindMemory(s, x, 3, MemorizingAttention.of(HEADS, 4, Joining.GATE)));
    RuntimeException e = assertThrows(ShapeException.class, () -> Graph.trace(probe));
    assertTrue(String.valueOf(e.getMessage()).contains("TopK"), e.getMessage());
  }
}
