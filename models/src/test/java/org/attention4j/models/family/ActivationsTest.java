package org.attention4j.models.family;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.attention4j.error.FileFormatException;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.op.Activation;
import org.attention4j.op.Tape;
import org.attention4j.spi.Engines;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Activations of a configuration")
final class ActivationsTest {
  private static final Weights RECORDED =
      Weights.load(Path.of("src/test/resources/activations/values.safetensors"));
  private static final String SLOPE = ".slope";

  private static List<String> names() {
    return RECORDED.names().stream().filter(n -> !n.equals("x") && !n.endsWith(SLOPE)).toList();
  }

  private static Activation.Kind kind(String name) {
    Config config = Config.of("llama").with("hidden_act", name);
    return Activations.read(config, "hidden_act", "none");
  }

  /** All of them and their slopes. */
  private static Map<String, Tensor> all(Tensor x) {
    Map<String, Tensor> results = new LinkedHashMap<>();
    for (String name : names()) {
      Tape tape = new Tape(x.executor(), (op, operands) -> false);
      Tensor watched = tape.watch(x);
      Tensor y = Activation.apply(kind(name), watched);
      Tensor ones = y.mul(0).add(1);
      Tensor slope =
          Objects.requireNonNull(tape.pull(List.of(y), List.of(ones), List.of(watched)).get(0));
      results.put(name, tape.unwatch(y).add(0));
      results.put(name + SLOPE, tape.unwatch(slope).add(0));
    }
    return results;
  }

  private record Everything(TensorType type) implements Model {
    @Override
    public Map<String, TensorType> inputs() {
      return Map.of("x", type);
    }

    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
      return all(inputs.get("x"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "djl", "onnx"})
  @DisplayName("and their slopes are those of transformers, by src/test/fixtures/activations.py")
  void values(String engine) {
    HostTensor x = HostTensor.of(RECORDED.get("x").toFloatArray(), RECORDED.get("x").size());
    Model model = new Everything(TensorType.f32(x.size()));
    assertEquals(21, names().size());
    try (Session session =
        Engines.get(engine).open(Program.of(model), Weights.empty(), SessionOptions.defaults())) {
      session
          .run(Map.of("x", x))
          .forEach(
              (name, values) -> {
                for (int i = 0; i < x.size(); i++) {
                  double expected = RECORDED.get(name).getDouble(i);
                  double allowed = 3e-6 * Math.max(1, Math.abs(expected));
                  String at = name + " of " + x.getDouble(i);
                  assertEquals(expected, values.getDouble(i), allowed, at);
                }
              });
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"prelu", "xielu", "sqrtsoftplus", "GELU"})
  @DisplayName("with weights of their own, or that are unknown, are refused with those there are")
  void unknown(String name) {
    FileFormatException e = assertThrows(FileFormatException.class, () -> kind(name));
    assertTrue(e.toString().contains("relu6"), e.toString());
  }
}
