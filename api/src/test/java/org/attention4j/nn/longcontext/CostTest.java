package org.attention4j.nn.longcontext;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.attention4j.graph.Graph;
import org.attention4j.graph.Summary;
import org.attention4j.graph.TraceOptions;
import org.attention4j.nn.Probe;
import org.attention4j.op.AttentionCall;
import org.attention4j.op.Mask;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.junit.jupiter.api.Test;

/** Operations and memory against the length, counted on the graphs: one head of 64 features. */
final class CostTest {
  private static final int SIZE = 64;
  private static final long[] LENGTHS = {1024, 4096, 16384};

  /** Operations and the elements of the largest tensor. */
  private record Cost(double operations, double largest) {}

  /** A variant and what four times the length costs at most, from 4096 to 16384. */
  private record Limited(AttentionVariant variant, double growth) {}

  private static Cost cost(AttentionVariant variant, long time) {
    TensorType type = TensorType.f32(1, 1, time, SIZE);
    Probe probe = Probe.of(type, (s, x) -> variant.attend(s, x, x, x, null));
    Graph graph = Graph.trace(probe, probe.inputs(), TraceOptions.primitives());
    double operations = Summary.of(graph, Map.of(), DType.F32).total().flops();
    long largest = 0;
    for (TensorType each : graph.types()) {
      largest = Math.max(largest, each.count().longSize());
    }
    return new Cost(operations, largest);
  }

  @Test
  void costsGrowAsTheLengthAndNotAsItsSquare() {
    Map<String, Limited> variants = new LinkedHashMap<>();
    variants.put(
        "softmax, causal",
        new Limited(
            (s, q, k, v, m) -> AttentionCall.of(q, k, v).mask(Mask.causal()).apply(), 16.1));
    variants.put("local, window 64", new Limited(new LocalAttention(64), 4.1));
    variants.put("strided, stride 64", new Limited(new StridedAttention(64), 10.0));
    variants.put(
        "BigBird, blocks of 64",
        new Limited(new BlockSparseAttention(new BigBirdPattern(64, 1, 1, 2, 1, true)), 4.1));
    variants.put("linear, elu + 1", new Limited(new LinearAttention(new EluFeatures(), true), 4.6));
    variants.put(
        "Performer, 128 features",
        new Limited(new LinearAttention(new PositiveRandomFeatures(128, SIZE, 1), true), 4.6));
    variants.put("Linformer, rank 128", new Limited(new Linformer(16384, 128, true), 4.1));
    LshAttention hashing = new LshAttention(64, 64, 2, 1, true);
    variants.put(
        "hashing, 64 buckets, 2 rounds",
        new Limited((s, q, k, v, m) -> hashing.apply(q, v, m), 4.6));
    variants.forEach(
        (name, limited) -> {
          StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "%-30s", name));
          double last = 0;
          double growth = 0;
          for (long time : LENGTHS) {
            Cost cost = cost(limited.variant, time);
            growth = cost.operations / last;
            last = cost.operations;
            line.append(
                String.format(
                    Locale.ROOT, " %9.1f M %9.2f M", cost.operations / 1e6, cost.largest / 1e6));
          }
          System.out.println(line);
          assertTrue(growth < limited.growth, name + " grows by " + growth);
        });
  }

  /** A step of the recurrent form costs the same whatever came before it. */
  @Test
  void aStepOfLinearAttentionReadsItsStateAlone() {
    LinearAttention attention = new LinearAttention(new EluFeatures(), true);
    Map<String, TensorType> types = new LinkedHashMap<>();
    types.put("x", TensorType.f32(1, 1, 1, SIZE));
    types.put("state", TensorType.f32(1, 1, SIZE, SIZE + 1));
    Probe probe =
        new Probe(
            types,
            (s, in) -> {
              Tensor x = in.get("x");
              return attention.step(x, x, x, in.get("state")).output();
            });
    Graph graph = Graph.trace(probe, probe.inputs(), TraceOptions.primitives());
    for (TensorType each : graph.types()) {
      assertTrue(each.count().longSize() <= SIZE * (SIZE + 1), each.toString());
    }
  }
}
