package org.attention4j.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.attention4j.generate.Generator;
import org.attention4j.nn.FeedForward;
import org.attention4j.nn.LayerNorm;
import org.attention4j.nn.LayerStack;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Model;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.Residual;
import org.attention4j.nn.Scope;
import org.attention4j.nn.StackNames;
import org.attention4j.nn.TransformerEncoderLayer;
import org.attention4j.op.Activation;
import org.attention4j.op.Affine;
import org.attention4j.op.Mask;
import org.attention4j.reference.ReferenceEngine;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An output that is cut to some rows costs little more than these rows, and is the same. */
class NarrowingTest {
  private static final int WIDTH = 8;
  private static final int LAYERS = 2;
  private static final TraceOptions WHOLE_LINEARS =
      TraceOptions.primitives().keeping((op, types) -> op instanceof Affine);

  /** A decoder over vectors; besides logits perhaps a hidden state, as an output of its own. */
  private record Decoder(boolean told) implements Model {
    @Override
    public Map<String, TensorType> inputs() {
      return Map.of("x", TensorType.f32("batch", "time", WIDTH));
    }

    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
      TransformerEncoderLayer layer =
          new TransformerEncoderLayer(
              MultiHeadAttention.of(MultiHeadAttention.Heads.of(WIDTH, 2), Mask.causal()),
              new FeedForward(WIDTH, 4 * WIDTH, Activation.Kind.GELU).named(FeedForward.Names.GPT2),
              Residual.pre(new LayerNorm(WIDTH)),
              TransformerEncoderLayer.Names.GPT2);
      Tensor y =
          LayerStack.of(layer, LAYERS, new LayerNorm(WIDTH), StackNames.GPT2)
              .apply(scope, inputs.get("x"), Mask.all(), null);
      Map<String, Tensor> outputs = new LinkedHashMap<>();
      if (told) {
        outputs.put("hidden", y);
      }
      outputs.put("logits", scope.call("head", new Linear(WIDTH, 5), y).tanh().add(1));
      return outputs;
    }
  }

  private static HostTensor values(long... shape) {
    float[] values = new float[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    Random random = new Random(3);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return HostTensor.of(values, shape);
  }

  private static long rows(Graph graph, String path) {
    Graph.Node node =
        graph.nodes().stream()
            .filter(n -> n.op() instanceof Affine && n.path().equals(path))
            .findFirst()
            .orElseThrow();
    Dim rows = graph.resultTypes(node).get(0).dim(1);
    return rows.known() ? rows.longSize() : -1;
  }

  private static HostTensor logits(Map<String, HostTensor> outputs) {
    HostTensor logits = outputs.get("logits");
    assertNotNull(logits);
    return logits;
  }

  /** The last rows of [batch, time, width], bit by bit. */
  private static void assertLast(HostTensor whole, HostTensor last) {
    long time = whole.dim(1);
    long width = whole.dim(2);
    assertEquals(List.of(whole.dim(0), 1L, width), Arrays.stream(last.shape()).boxed().toList());
    for (long row = 0; row < whole.dim(0); row++) {
      for (long i = 0; i < width; i++) {
        double expected = whole.getDouble(((row + 1) * time - 1) * width + i);
        assertEquals(expected, last.getDouble(row * width + i), 1e-6);
      }
    }
  }

  @Test
  void theLastLayerAndTheHeadSeeOneRow() {
    Graph graph = Generator.lastLogits(Program.of(new Decoder(false))).graph(WHOLE_LINEARS);
    assertEquals(-1, rows(graph, "h.0.mlp.c_proj"));
    assertEquals(-1, rows(graph, "h.1.attn.v_proj"));
    assertEquals(1, rows(graph, "h.1.attn.out_proj"));
    assertEquals(1, rows(graph, "h.1.mlp.c_fc"));
    assertEquals(1, rows(graph, "h.1.mlp.c_proj"));
    assertEquals(1, rows(graph, "head"));
  }

  @Test
  void whatIsToldWholeIsComputedWhole() {
    Graph graph = Generator.lastLogits(Program.of(new Decoder(true))).graph(WHOLE_LINEARS);
    assertEquals(-1, rows(graph, "h.1.mlp.c_proj"));
    assertEquals(1, rows(graph, "head"));
  }

  @Test
  void aGraphWithoutSuchAnOutputStaysAsItIs() {
    Graph graph = Graph.trace(new Decoder(false));
    assertSame(graph, graph.narrowed());
  }

  @ParameterizedTest
  @EnumSource(Told.class)
  void theLogitsAreTheSame(Told told) {
    Program whole = Program.of(new Decoder(told == Told.HIDDEN));
    Weights weights = Parameters.init(whole, 1);
    Map<String, HostTensor> batch = Map.of("x", values(3, 5, WIDTH));
    try (Session all = new ReferenceEngine().open(whole, weights, SessionOptions.defaults());
        Session last =
            new ReferenceEngine()
                .open(Generator.lastLogits(whole), weights, SessionOptions.defaults());
        Decoding steps = last.decode()) {
      HostTensor expected = logits(all.run(batch));
      assertLast(expected, logits(last.run(batch)));
      assertLast(expected, logits(steps.next(batch)));
    }
  }

  /** What a model tells besides its logits. */
  enum Told {
    NOTHING,
    HIDDEN
  }
}
