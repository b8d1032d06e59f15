package org.attention4j.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Objects;
import org.attention4j.error.ShapeException;
import org.attention4j.error.WeightsException;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.reference.ReferenceEngine;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;

/** The same apply that a trace records also computes at once. */
class EagerTest {
  private static final SessionOptions ORACLE = SessionOptions.defaults().withPrecision(DType.F64);

  private record TwoLayers() implements Model {
    @Override
    public Map<String, TensorType> inputs() {
      return Map.of("x", TensorType.f32("batch", 3));
    }

    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
      Tensor hidden = scope.call("first", new Linear(3, 4), inputs.get("x")).tanh();
      return Map.of("y", scope.call("second", new Linear(4, 2), hidden));
    }
  }

  private final ReferenceEngine engine = new ReferenceEngine();
  private final Program program = Program.of(new TwoLayers());
  private final Weights weights = Parameters.init(program, 5);
  private final Map<String, HostTensor> input =
      Map.of("x", HostTensor.of(new float[] {1, -2, 3, 0, 5, -6}, 2, 3));

  @Test
  void anEagerRunEqualsARecordedOne() {
    try (Eager eager = Eager.open(engine, weights, ORACLE);
        Session session = engine.open(program, weights, ORACLE)) {
      HostTensor now = Objects.requireNonNull(eager.run(new TwoLayers(), input).get("y"));
      HostTensor recorded = Objects.requireNonNull(session.run(input).get("y"));
      assertTrue(recorded.equalsExactly(now));
    }
  }

  @Test
  void valuesCanBeLookedAtBetweenTwoBlocks() {
    try (Eager eager = Eager.open(engine, weights, ORACLE)) {
      Tensor x = eager.tensor(HostTensor.of(new float[] {1, 2, 3}, 1, 3));
      Tensor hidden = eager.scope().call("first", new Linear(3, 4), x);
      double expected = weights.get("first.bias").getDouble(2);
      for (int i = 0; i < 3; i++) {
        expected += (i + 1) * weights.get("first.weight").getDouble(2L * 3 + i);
      }
      assertEquals(expected, eager.value(hidden).getDouble(2), 1e-12);
    }
  }

  @Test
  void errorsNameThePathAndTheTypes() {
    try (Eager eager = Eager.open(engine, weights, ORACLE)) {
      Tensor narrow = eager.tensor(HostTensor.of(new float[] {1, 2}, 1, 2));
      ShapeException shape =
          assertThrows(
              ShapeException.class, () -> eager.scope().call("first", new Linear(3, 4), narrow));
      assertEquals("first", shape.path().orElseThrow());
      assertTrue(shape.problem().contains("f32[1, 2]"), shape.problem());
      Tensor x = eager.tensor(HostTensor.of(new float[] {1, 2, 3}, 1, 3));
      assertThrows(WeightsException.class, () -> eager.scope().call("third", new Linear(3, 4), x));
    }
  }
}
