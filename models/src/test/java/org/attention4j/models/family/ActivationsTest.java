package org.attention4j.models.family;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.attention4j.error.FileFormatException;
import org.attention4j.op.Activation;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("Activations of a configuration")
final class ActivationsTest {
  @ParameterizedTest
  @CsvSource({
    "gelu_accurate, GELU_TANH",
    "gelu_python_tanh, GELU_TANH",
    "gelu_python, GELU",
    "leaky_relu, LEAKY_RELU",
    "swish, SILU"
  })
  @DisplayName("have the names of transformers")
  void names(String name, Activation.Kind kind) {
    Config config = Config.of("llama").with("hidden_act", name);
    assertEquals(kind, Activations.read(config, "hidden_act", "relu"));
  }

  @Test
  @DisplayName("that are unknown are refused")
  void unknown() {
    Config config = Config.of("llama").with("hidden_act", "gelu_10");
    assertThrows(FileFormatException.class, () -> Activations.read(config, "hidden_act", "relu"));
  }
}
