package org.attention4j.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.attention4j.nn.FeedForward;
import org.attention4j.nn.LayerNorm;
import org.attention4j.nn.LayerStack;
import org.attention4j.nn.Model;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.Residual;
import org.attention4j.nn.Scope;
import org.attention4j.nn.StackNames;
import org.attention4j.nn.TransformerEncoderLayer;
import org.attention4j.op.Activation;
import org.attention4j.op.Mask;
import org.attention4j.reference.ReferenceEngine;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.train.AdamW;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Layers that are computed again give the same gradients bit by bit, in less memory. */
class RecomputationTest {
  private static final int WIDTH = 8;

  /** Layers with dropout, under a scalar loss. */
  private record Stack(int layers) implements Model {
    @Override
    public Map<String, TensorType> inputs() {
      return Map.of("x", TensorType.f32("batch", "time", WIDTH));
    }

    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
      TransformerEncoderLayer layer =
          new TransformerEncoderLayer(
              MultiHeadAttention.of(MultiHeadAttention.Heads.of(WIDTH, 2), Mask.causal()),
              new FeedForward(WIDTH, 4 * WIDTH, Activation.Kind.GELU),
              Residual.pre(new LayerNorm(WIDTH)).dropping(0.2),
              TransformerEncoderLayer.Names.GPT2);
      Tensor y =
          LayerStack.of(layer, layers, new LayerNorm(WIDTH), StackNames.GPT2)
              .apply(scope, inputs.get("x"), Mask.all(), null);
      return Map.of("loss", y.mul(y).mul(y).sumTo(List.of()));
    }
  }

  private static Graph gradient(int layers) {
    return Program.of(new Stack(layers))
        .graph(TraceOptions.primitives().forTraining(true))
        .gradient("loss", (op, types) -> false);
  }

  /** Most numbers that are alive at a time, as a replay releases them. */
  private static long peak(Graph symbolic) {
    Graph graph = symbolic.bind(Map.of("batch", 2L, "time", 16L));
    Map<Integer, Integer> last = new HashMap<>();
    for (int i = 0; i < graph.nodes().size(); i++) {
      for (int value : graph.nodes().get(i).operands()) {
        last.put(value, i);
      }
    }
    graph.outputs().values().forEach(v -> last.put(v, Integer.MAX_VALUE));
    long alive = 0;
    long most = 0;
    for (int i = 0; i < graph.nodes().size(); i++) {
      Graph.Node node = graph.nodes().get(i);
      for (int value : node.results()) {
        alive += size(graph, value);
      }
      most = Math.max(most, alive);
      List<Integer> touched = new ArrayList<>(node.operands());
      touched.addAll(node.results());
      for (int value : touched.stream().distinct().toList()) {
        boolean made =
            !graph.inputs().containsValue(value)
                && graph.parameters().values().stream().noneMatch(p -> p.value() == value);
        if (made && last.getOrDefault(value, i) == i) {
          alive -= size(graph, value);
        }
      }
    }
    return most;
  }

  private static long size(Graph graph, int value) {
    long size = 1;
    for (long dim : graph.type(value).shape()) {
      size *= dim;
    }
    return size;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void theStepsAreTheSameBitByBit(int layers) {
    Program program = Program.of(new Stack(layers));
    Weights start = Parameters.init(program, 1);
    double[] x = new Random(2).doubles(2 * 5 * WIDTH, -1, 1).toArray();
    Map<String, HostTensor> batch = Map.of("x", HostTensor.of(x, 2, 5, WIDTH));
    List<Map<String, HostTensor>> results = new ArrayList<>();
    for (boolean again : new boolean[] {false, true}) {
      TrainerOptions options = TrainerOptions.of(AdamW.lr(1e-2)).withSeed(4).recomputing(again);
      try (Trainer trainer = new ReferenceEngine().train(program, start, options)) {
        Map<String, HostTensor> result = new LinkedHashMap<>(trainer.gradients(batch));
        trainer.step(batch);
        trainer.weights().tensors().forEach((path, w) -> result.put("after " + path, w));
        results.add(result);
      }
    }
    results
        .get(0)
        .forEach(
            (name, tensor) ->
                assertTrue(
                    tensor.equalsExactly(Objects.requireNonNull(results.get(1).get(name))), name));
  }

  @Test
  void aDeepStackNeedsLessMemory() {
    long kept = peak(gradient(8));
    long again = peak(gradient(8).recomputing(null));
    assertTrue(again < kept / 2, kept + " numbers to " + again);
    long perLayerKept = (kept - peak(gradient(4))) / 4;
    long perLayerAgain = (again - peak(gradient(4).recomputing(null))) / 4;
    assertTrue(perLayerAgain < perLayerKept / 4, perLayerKept + " a layer to " + perLayerAgain);
  }

  @Test
  void aLayerIsWhatLiesBelowANumber() {
    assertEquals("h.0", Recomputation.layer("h.0.attn.c_attn"));
    assertEquals("encoder.block.12", Recomputation.layer("encoder.block.12.layer.0.q"));
    assertEquals("h.1", Recomputation.layer("h.1"));
    assertEquals("", Recomputation.layer("embed_tokens.sub"));
    assertEquals("", Recomputation.layer(""));
  }
}
