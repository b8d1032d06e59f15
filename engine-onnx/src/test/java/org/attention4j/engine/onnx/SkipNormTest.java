package org.attention4j.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.attention4j.engine.onnx.lower.GraphLowering;
import org.attention4j.engine.onnx.lower.Lowering;
import org.attention4j.engine.onnx.lower.SkipNormFold;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.nn.Init;
import org.attention4j.nn.LayerNorm;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.reference.ReferenceEngine;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Residual sums that are joined with the norm behind them give the same values. */
class SkipNormTest {
  private static final int WIDTH = 24;

  /**
   * A residual sum and its norm; the sum is read again. {@code first}: the linear layer is the left
   * operand. {@code told}: what the linear layer makes is an output, so that its bias stays.
   */
  private record Layer(boolean bias, boolean normBias, boolean first, boolean told)
      implements Model {
    @Override
    public Map<String, TensorType> inputs() {
      return Map.of("x", TensorType.f32("batch", "time", WIDTH));
    }

    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
      Tensor x = inputs.get("x");
      Linear.Style usual = Linear.Style.usual().storedInFirst().starting(Init.normal(0.3));
      Linear.Style style = bias ? usual : usual.withoutBias();
      Tensor y = scope.call("linear", new Linear(WIDTH, WIDTH, style), x);
      Tensor sum = first ? y.add(x) : x.add(y);
      Tensor norm = scope.call("norm", new LayerNorm(WIDTH, 1e-3, normBias), sum);
      Map<String, Tensor> outputs = new LinkedHashMap<>();
      outputs.put("z", sum.mul(norm));
      if (told) {
        outputs.put("y", y);
      }
      return outputs;
    }
  }

  @ParameterizedTest
  @CsvSource({
    "true, true, false, false",
    "true, true, true, false",
    "true, false, false, false",
    "false, true, false, false",
    "false, false, true, false",
    "true, true, false, true",
  })
  void theValuesAreTheSame(boolean bias, boolean normBias, boolean first, boolean told) {
    Program program = Program.of(new Layer(bias, normBias, first, told));
    Map<String, HostTensor> values = new LinkedHashMap<>();
    Random random = new Random(2);
    Parameters.init(program, 1)
        .tensors()
        .forEach((name, t) -> values.put(name, noise(random, t.shape())));
    Weights weights = Weights.of(values);
    Map<String, HostTensor> inputs = Map.of("x", noise(random, 2, 5, WIDTH));
    SessionOptions exact = SessionOptions.defaults().withPrecision(DType.F64);
    try (Session oracle = new ReferenceEngine().open(program, weights, exact);
        Session session = new OnnxEngine().open(program, weights, SessionOptions.defaults())) {
      Map<String, HostTensor> expected = oracle.run(inputs);
      session
          .run(inputs)
          .forEach((name, got) -> Compare.equal(name, Compare.named(expected, name), got, 1e-5));
    }
    TraceOptions trace = TraceOptions.primitives().keeping(GraphLowering.claims(DType.F32));
    Graph graph = SkipNormFold.fold(program.graph(trace));
    Map<String, Long> counts = new LinkedHashMap<>();
    GraphLowering.lower(graph, weights, Lowering.inMemory(DType.F32))
        .proto()
        .getGraph()
        .getNodeList()
        .forEach(node -> counts.merge(node.getOpType(), 1L, Long::sum));
    assertEquals(1, counts.getOrDefault("SkipLayerNormalization", 0L));
    assertEquals(0, counts.getOrDefault("LayerNormalization", 0L));
    assertEquals(told ? 1 : 0, counts.getOrDefault("Add", 0L), "the bias of what is told");
  }

  private static HostTensor noise(Random random, long... shape) {
    HostTensor tensor = HostTensor.zeros(DType.F32, shape);
    for (long i = 0; i < tensor.size(); i++) {
      tensor.set(i, random.nextGaussian());
    }
    return tensor;
  }
}
