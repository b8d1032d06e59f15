package org.attention4j.engine.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.attention4j.graph.Graph;
import org.attention4j.nn.Init;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.reference.ReferenceEngine;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Program;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.Device;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.train.Schedule;
import org.attention4j.train.Sgd;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;

/** Gradients are added to their sums where they are computed, whatever they are computed from. */
class AccumulatorsTest {
  /** A loss of two parameters [3, 3]. */
  private record Loss(Use use) implements Model {
    interface Use {
      Tensor of(Tensor a, Tensor b);
    }

    @Override
    public Map<String, TensorType> inputs() {
      return Map.of("anchor", TensorType.f32());
    }

    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs in) {
      Tensor a = scope.param("a", Init.zeros(), 3, 3);
      Tensor b = scope.param("b", Init.zeros(), 3, 3);
      return Map.of("loss", in.get("anchor").add(use.of(a, b).sumTo(List.of())));
    }
  }

  private static Map<String, HostTensor> gradients(Engine engine, Loss model) {
    Weights weights =
        Weights.of(Map.of("a", OpModel.normal(5, 3, 3), "b", OpModel.normal(6, 3, 3)));
    TrainerOptions options = TrainerOptions.of(Sgd.of(Schedule.constant(0))).withThreads(1);
    try (Trainer trainer = engine.train(Program.of(model), weights, options)) {
      return trainer.gradients(Map.of("anchor", HostTensor.scalar(0f)));
    }
  }

  /** Checks the gradients, and returns the method that accumulates them. */
  private static String checked(Loss.Use use) {
    Loss model = new Loss(use);
    Map<String, HostTensor> wanted = gradients(new ReferenceEngine(), model);
    Map<String, HostTensor> got = gradients(new DjlEngine(), model);
    for (String path : List.of("a", "b")) {
      assertArrayEquals(
          TinyGpt.get(wanted, path).toFloatArray(),
          TinyGpt.get(got, path).toFloatArray(),
          1e-4f,
          path);
    }
    List<String> gradients = List.of("grad.a", "grad.b");
    Graph graph = Graph.trace(model).gradient("loss", (op, types) -> false);
    return new GraphScript(
            "f", graph, Precision.F32, Device.cpu(), Fusion.PYTORCH, false, gradients)
        .source();
  }

  private static int count(String text, String part) {
    return text.split(Pattern.quote(part), -1).length - 1;
  }

  @Test
  void aProductIsAddedByTheProductItself() {
    String source = checked((a, b) -> a.matmul(b));
    assertEquals(1, count(source, "torch.addmm_(g[0]"), source);
    assertEquals(1, count(source, "torch.addmm_(g[1]"), source);
    assertEquals(0, count(source, "torch.add_("), source);
    assertEquals(1, count(source, "return ["), source);
  }

  @Test
  void theTermsOfASumAreAddedOneByOne() {
    String source = checked((a, b) -> a.matmul(b).add(a.matmulTransposed(b)).add(a.exp()));
    assertEquals(2, count(source, "torch.addmm_(g[0]"), source);
    assertEquals(1, count(source, "torch.add_(g[0]"), source);
  }

  @Test
  void aTermThatCountsTwiceIsAddedTwice() {
    checked((a, b) -> a.mul(a).add(b).add(b));
    checked((a, b) -> a.add(a).matmul(b.add(b)).add(b));
  }

  @Test
  void aGradientThatTwoParametersShareIsAddedToBoth() {
    checked((a, b) -> a.add(b).matmul(a.add(b)));
    checked((a, b) -> a.add(b).exp());
  }

  @Test
  void joinsStayWhole() {
    String source =
        checked(
            (a, b) ->
                a.slice(1, 0, 1).exp().add(a.slice(1, 1, 2).mul(2)).mul(a.slice(1, 2, 3)).add(b));
    assertEquals(1, count(source, "torch.cat("), source);
    source =
        checked(
            (a, b) -> {
              Tensor turned = a.permute(1, 0); // [3, 3]
              Tensor first = turned.slice(1, 0, 1);
              return first.exp().mul(turned.slice(1, 1, 3)).add(b.slice(1, 0, 2));
            });
    assertEquals(1, count(source, "torch.cat([torch.permute("), source);
  }
}
