package org.attention4j.op;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.function.BiPredicate;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.nn.Init;
import org.attention4j.nn.Probe;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A gradient saves the log-sum-exp where a kernel wants it")
final class SavedResultsTest {
  private static final TensorType TYPE = TensorType.f32("batch", 2, "time", 4);
  private static final Probe LOSS =
      new Probe(
          Probe.of(TYPE, (s, x) -> x).inputs(),
          (s, in) -> {
            Tensor query =
                in.get("x").mul(s.param("w", Init.ones(), 4)); // [batch, heads, time, head_dim]
            return AttentionCall.of(query, query, query).apply().sumTo(List.of());
          });

  /** The attention and the gradient ops of the graph, and whether they have a log-sum-exp. */
  private static List<String> kept(BiPredicate<Composite, List<TensorType>> keep) {
    Graph forward = Graph.trace(LOSS, LOSS.inputs(), TraceOptions.primitives().keeping(keep));
    return forward.gradient("y", keep).nodes().stream()
        .filter(node -> node.op() instanceof Composite)
        .map(node -> ((Composite) node.op()).name() + (saves(node.op()) ? " with log-sum-exp" : ""))
        .toList();
  }

  private static boolean saves(Object op) {
    return op instanceof Backward backward
        ? saves(backward.of())
        : op instanceof Attention attention && attention.logSumExp();
  }

  @Test
  @DisplayName("a kernel that takes both gets both")
  void saved() {
    assertEquals(
        List.of("Attention with log-sum-exp", "Backward(Attention) with log-sum-exp"),
        kept((op, types) -> true));
  }

  @Test
  @DisplayName("an engine without a log-sum-exp keeps its attention whole")
  void declinedForward() {
    assertEquals(List.of("Attention", "Backward(Attention)"), kept((op, types) -> !saves(op)));
  }

  @Test
  @DisplayName("nothing is saved for a gradient that is expanded")
  void declinedGradient() {
    assertEquals(List.of("Attention"), kept((op, types) -> !(op instanceof Backward)));
  }
}
