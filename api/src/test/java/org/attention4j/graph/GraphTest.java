package org.attention4j.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.attention4j.error.UsageException;
import org.attention4j.nn.FeedForward;
import org.attention4j.nn.LayerNorm;
import org.attention4j.nn.Model;
import org.attention4j.nn.Probe;
import org.attention4j.nn.Scope;
import org.attention4j.op.Activation;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.junit.jupiter.api.Test;

/** Recording, printing, cutting and binding. */
final class GraphTest {
  private static final TensorType TYPE = TensorType.f32("batch", "time", 4);
  private static final Probe LAYER =
      Probe.of(
          TYPE,
          (s, x) ->
              x.add(
                  s.call(
                      "mlp",
                      new FeedForward(4, 8, Activation.Kind.RELU),
                      s.call("ln", new LayerNorm(4), x))));
  private static final Probe LOSS =
      new Probe(LAYER.inputs(), (s, in) -> LAYER.function().apply(s, in).sumTo(List.of()));

  private static Graph gradient() {
    return Graph.trace(LOSS).gradient("y", (op, types) -> false);
  }

  @Test
  void theTextReadsLikeTheModel() {
    Graph graph =
        Graph.trace(LAYER, LAYER.inputs(), TraceOptions.primitives().keeping((op, types) -> true));
    assertEquals(
        """
        input  x: f32[batch, time, 4]
        param  ln.weight: f32[4]
        param  ln.bias: f32[4]
        param  mlp.linear1.weight: f32[8, 4]
        param  mlp.linear1.bias: f32[8]
        param  mlp.linear2.weight: f32[4, 8]
        param  mlp.linear2.bias: f32[4]
        ln:
          %3 = LayerNormalization[epsilon=1.0E-5](x, ln.weight, ln.bias) : f32[batch, time, 4]
        mlp.linear1:
          %6 = Affine[transposed=true](%3, mlp.linear1.weight, mlp.linear1.bias) : f32[batch, time, 8]
        mlp:
          %7 = Activation[kind=RELU](%6) : f32[batch, time, 8]
        mlp.linear2:
          %10 = Affine[transposed=true](%7, mlp.linear2.weight, mlp.linear2.bias) : f32[batch, time, 4]
        (top):
          %11 = ADD(x, %10) : f32[batch, time, 4]
        output y = %11
        """,
        graph.toString());
  }

  @Test
  void everyValueIsMadeOnceAndBeforeItIsRead() {
    Graph graph = gradient();
    Set<Integer> made = new HashSet<>(graph.inputs().values());
    graph.parameters().values().forEach(p -> made.add(p.value()));
    for (Graph.Node node : graph.nodes()) {
      assertTrue(made.containsAll(node.operands()), node.toString());
      node.results().forEach(value -> assertTrue(made.add(value), node.toString()));
    }
    assertTrue(made.containsAll(graph.outputs().values()));
  }

  @Test
  void equalOpsOnEqualOperandsAreRecordedOnce() {
    Probe twice = Probe.of(TYPE, (s, x) -> x.exp().add(x.exp()).add(x.mul(2)).add(x.mul(2)));
    Graph graph = Graph.trace(twice);
    assertEquals(6, graph.nodes().size()); // exp, constant 2, mul, three additions
  }

  @Test
  void whatNoOutputNeedsIsLeftOut() {
    Probe probe =
        new Probe(
            Map.of("x", TYPE, "unused", TYPE),
            (s, in) -> {
              s.call("lost", new LayerNorm(4), in.get("unused")).exp();
              return in.get("x").exp();
            });
    Graph graph = Graph.trace(probe);
    assertEquals(Set.of("x"), graph.inputs().keySet());
    assertEquals(Set.of(), graph.parameters().keySet());
    assertEquals(1, graph.nodes().size());
  }

  @Test
  void aGraphCanBeCutToSomeOutputs() {
    Graph all = gradient();
    Graph loss = all.withOutputs(Set.of("y"));
    assertEquals(Graph.trace(LOSS).nodes().size(), loss.nodes().size());
    assertThrows(UsageException.class, () -> all.withOutputs(Set.of("z")));
  }

  @Test
  void theGradientHasAnOutputForEachParameterOfItsType() {
    Graph graph = gradient();
    graph
        .parameterTypes()
        .forEach((path, type) -> assertEquals(type, graph.outputTypes().get("grad." + path)));
    assertEquals(1 + graph.parameters().size(), graph.outputs().size());
  }

  @Test
  void aGradientOfSomethingElseThanAScalarIsRefused() {
    Graph graph = Graph.trace(LAYER);
    assertThrows(UsageException.class, () -> graph.gradient("y", (op, types) -> false));
    assertThrows(UsageException.class, () -> graph.gradient("loss", (op, types) -> false));
  }

  @Test
  void bindingReplacesEverySymbol() {
    Graph bound = gradient().bind(Map.of("batch", 2L, "time", 3L));
    assertTrue(bound.types().stream().allMatch(TensorType::known));
    for (Graph.Node node : bound.nodes()) {
      assertEquals(
          bound.resultTypes(node), node.op().infer(bound.operandTypes(node)), node.toString());
    }
    assertSame(bound, bound.bind(Map.of()));
  }

  @Test
  void aCutOfTheCacheInputsShowsHowTheCacheGrows() {
    Model model =
        new Model() {
          @Override
          public Map<String, TensorType> inputs() {
            return Map.of("x", TYPE, "mask", TensorType.i64("batch", "past+time"));
          }

          @Override
          public Map<String, Tensor> apply(Scope scope, Inputs in) {
            Tensor all = scope.layer(3).extend("key", in.get("x"), 1);
            Tensor mask = in.get("mask").cast(all.dtype()).insert(-1);
            return Map.of("y", all.mul(mask));
          }
        };
    Map<CacheMode, String> lengths =
        Map.of(
            CacheMode.NONE, "time",
            CacheMode.PREFILL, "time",
            CacheMode.STEP, "past+time",
            CacheMode.STATIC, "capacity");
    lengths.forEach(
        (mode, length) -> {
          Graph graph =
              Graph.trace(model, model.inputs(), TraceOptions.primitives().withCache(mode));
          TensorType expected = TensorType.f32("batch", length, 4);
          assertEquals(expected, graph.outputTypes().get("y"), mode.toString());
          boolean cached = mode != CacheMode.NONE;
          assertEquals(cached, graph.outputs().containsKey("present.3.key"), mode.toString());
        });
  }
}
