package org.attention4j.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import org.attention4j.error.OperandException;
import org.attention4j.error.ShapeException;
import org.attention4j.graph.Graph;
import org.attention4j.nn.Embedding;
import org.attention4j.nn.LayerNorm;
import org.attention4j.nn.LearnedPositions;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Model;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.Probe;
import org.attention4j.nn.Scope;
import org.attention4j.op.Mask;
import org.junit.jupiter.api.Test;

/** What does not fit is refused while it is recorded, with the place, the op and the types. */
final class ShapeErrorTest {

  private static OperandException error(
      Map<String, TensorType> inputs, BiFunction<Scope, Model.Inputs, Tensor> body) {
    return assertThrows(OperandException.class, () -> Graph.trace(new Probe(inputs, body)));
  }

  private static void assertSays(OperandException e, String... parts) {
    String message = String.valueOf(e.getMessage());
    for (String part : parts) {
      assertTrue(message.contains(part), "'" + part + "' in: " + message);
    }
  }

  @Test
  void aWrongWidthNamesThePathTheOpAndTheTypes() {
    OperandException e =
        error(
            Map.of("x", TensorType.f32("batch", "time", 8)),
            (s, in) ->
                s.in(
                    "h.3",
                    layer ->
                        layer.in("mlp", mlp -> mlp.call("c_fc", new Linear(9, 4), in.get("x")))));
    assertEquals(Optional.of("h.3.mlp.c_fc"), e.path());
    assertSays(e, "at h.3.mlp.c_fc: ", "Affine", "f32[batch, time, 8]", "f32[4, 9]");
  }

  @Test
  void aNormOfAnotherWidthNamesBoth() {
    OperandException e =
        error(
            Map.of("x", TensorType.f32("batch", 8)),
            (s, in) -> s.call("ln_f", new LayerNorm(7), in.get("x")));
    assertSays(e, "at ln_f: ", "LayerNormalization", "f32[8]", "f32[7]");
  }

  @Test
  void aMaskOverTheWrongAxisIsCaughtByTheNameOfItsSymbol() {
    MultiHeadAttention attention = MultiHeadAttention.of(Heads.of(8, 2), Mask.all());
    Map<String, TensorType> inputs = new LinkedHashMap<>();
    inputs.put("x", TensorType.f32("batch", "time", 8));
    inputs.put("mask", TensorType.i64("batch", "source"));
    OperandException e =
        error(
            inputs,
            (s, in) ->
                s.in("attn", a -> attention.self(a, in.get("x"), Mask.keys(in.get("mask")), null)));
    assertSays(e, "at attn: ", "time", "source", "do not broadcast");
  }

  @Test
  void idsThatAreNoIntegersAreRefused() {
    OperandException e =
        error(
            Map.of("ids", TensorType.f32("batch", "time")),
            (s, in) -> s.call("wte", new Embedding(5, 3), in.get("ids")));
    assertSays(e, "at wte: ", "Gather", "i64 indices", "f32[batch, time]");
  }

  @Test
  void aMaskOfFloatsIsPointedToTheBias() {
    MultiHeadAttention attention = MultiHeadAttention.of(Heads.of(8, 2), Mask.all());
    Map<String, TensorType> inputs = new LinkedHashMap<>();
    inputs.put("x", TensorType.f32("batch", "time", 8));
    inputs.put("mask", TensorType.f32("batch", "time"));
    OperandException e =
        error(inputs, (s, in) -> attention.self(s, in.get("x"), Mask.keys(in.get("mask")), null));
    assertSays(e, "boolean or integer", "bias()");
  }

  @Test
  void moreTokensThanLearnedPositionsAreRefused() {
    OperandException e =
        error(
            Map.of("x", TensorType.f32(1, 9, 4)),
            (s, in) -> s.call("wpe", new LearnedPositions(8, 4), in.get("x")));
    assertSays(e, "at wpe: ", "9 tokens", "context of 8");
  }

  @Test
  void aSizeThatFollowsFromNoInputIsNamed() {
    Model model =
        new Probe(
            Map.of("x", TensorType.f32("batch", 4)),
            (s, in) -> in.get("x").iota(Dim.symbol("nowhere")));
    ShapeException e = assertThrows(ShapeException.class, () -> Graph.trace(model));
    assertSays(e, "nowhere", "Iota", "no input axis");
  }

  @Test
  void inputsOfTheWrongShapeNameTheInputAndTheAxis() {
    Graph graph = Graph.trace(Probe.of(TensorType.f32("batch", "time", 4), new Linear(4, 2)));
    ShapeException axis =
        assertThrows(ShapeException.class, () -> graph.sizes(Map.of("x", new long[] {2, 3, 5})));
    assertSays(axis, "'x'", "axis 2", "got 5");
    ShapeException rank =
        assertThrows(ShapeException.class, () -> graph.sizes(Map.of("x", new long[] {2, 4})));
    assertSays(rank, "'x'", "2 axes", "f32[batch, time, 4]");
  }
}
