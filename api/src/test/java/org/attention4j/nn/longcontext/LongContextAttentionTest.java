package org.attention4j.nn.longcontext;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.attention4j.error.UsageException;
import org.attention4j.nn.Model;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.Probe;
import org.attention4j.nn.Scope;
import org.attention4j.op.AttentionCall;
import org.attention4j.op.Mask;
import org.attention4j.reference.ReferenceEngine;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;

/** The block around the variants, also in a decoding; and attention on any graph of tokens. */
final class LongContextAttentionTest {
  private static final int WIDTH = 8;

  /** A block as a model whose sequence grows. */
  private record Growing(LongContextAttention block) implements Model {
    @Override
    public Map<String, TensorType> inputs() {
      return Map.of("x", TensorType.f32("batch", "time", WIDTH));
    }

    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs in) {
      return Map.of("y", block.apply(scope.layer(0), in.get("x")));
    }
  }

  static List<AttentionVariant> causal() {
    return List.of(
        new LinearAttention(new EluFeatures(), true, 3),
        new LinearAttention(new PositiveRandomFeatures(6, 4, 1), true, 3),
        new LocalAttention(3),
        new StridedAttention(3),
        new PatternAttention(new FixedPattern(3, 1)),
        new BlockSparseAttention(new BigBirdPattern(2, 1, 1, 1, 3, true)));
  }

  @Test
  void aDecodingThroughTheCacheGivesTheWholeSequence() {
    for (AttentionVariant variant : causal()) {
      Program program =
          Program.of(new Growing(LongContextAttention.of(Heads.of(WIDTH, 2), variant)));
      Weights weights = Parameters.init(program, 5);
      HostTensor x = Probe.normal(6, 1, 7, WIDTH);
      SessionOptions options = SessionOptions.defaults().withPrecision(DType.F64);
      try (Session session = new ReferenceEngine().open(program, weights, options);
          Decoding decoding = session.decode()) {
        double[] whole = y(session.run(Map.of("x", x)));
        int at = 0;
        for (int length : new int[] {3, 1, 2, 1}) {
          HostTensor part = Runs.zeros(1, length, WIDTH);
          for (int i = 0; i < length * WIDTH; i++) {
            part.set(i, x.getDouble((long) at * WIDTH + i));
          }
          double[] step = y(decoding.next(Map.of("x", part)));
          for (int i = 0; i < length * WIDTH; i++) {
            assertEquals(whole[at * WIDTH + i], step[i], 1e-11, variant + " at " + at);
          }
          at += length;
        }
      }
    }
  }

  private static double[] y(Map<String, HostTensor> outputs) {
    return Objects.requireNonNull(outputs.get("y")).toDoubleArray();
  }

  /** Attention as message passing: each node takes the weighted mean of its neighbours' values. */
  @Test
  void anAdjacencyMaskIsMessagePassingOnThatGraph() {
    int[][] neighbours = {{1, 2}, {0}, {2, 3, 0}, {}};
    HostTensor edges = HostTensor.of(new boolean[16], 4, 4);
    for (int i = 0; i < 4; i++) {
      for (int j : neighbours[i]) {
        edges.set(i * 4L + j, 1L);
      }
    }
    Map<String, HostTensor> values = new LinkedHashMap<>();
    for (String name : List.of("q", "k", "v")) {
      values.put(name, Probe.normal(name.hashCode(), 1, 1, 4, 2));
    }
    Map<String, TensorType> types = new LinkedHashMap<>();
    values.forEach((name, value) -> types.put(name, TensorType.f32(1, 1, 4, 2)));
    values.put("edges", edges);
    types.put("edges", TensorType.bool(4, 4));
    Probe probe =
        new Probe(
            types,
            (s, in) ->
                AttentionCall.of(in.get("q"), in.get("k"), in.get("v"))
                    .mask(Mask.pairs(in.get("edges")))
                    .apply());
    double[] y = probe.run(Weights.empty(), values).toDoubleArray();
    HostTensor q = Runs.at(values, "q");
    HostTensor k = Runs.at(values, "k");
    for (int i = 0; i < 4; i++) {
      double[] message = new double[2];
      double sum = 0;
      for (int j : neighbours[i]) {
        double score =
            q.getDouble(2L * i) * k.getDouble(2L * j)
                + q.getDouble(2L * i + 1) * k.getDouble(2L * j + 1);
        double weight = Math.exp(score / Math.sqrt(2));
        sum += weight;
        message[0] += weight * Runs.at(values, "v").getDouble(2L * j);
        message[1] += weight * Runs.at(values, "v").getDouble(2L * j + 1);
      }
      double norm = sum == 0 ? 1 : sum; // a node without neighbours hears nothing: 0
      assertEquals(message[0] / norm, y[2 * i], 1e-12);
      assertEquals(message[1] / norm, y[2 * i + 1], 1e-12);
    }
  }

  @Test
  void groupedHeadsAreRefused() {
    assertThrows(
        UsageException.class,
        () -> LongContextAttention.of(Heads.grouped(8, 4, 2), new StridedAttention(3)));
  }
}
