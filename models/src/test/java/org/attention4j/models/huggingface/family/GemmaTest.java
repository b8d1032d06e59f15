package org.attention4j.models.huggingface.family;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.attention4j.models.family.Config;
import org.attention4j.op.Activation;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("Gemma's activation")
final class GemmaTest {
  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "{}, GELU_TANH",
        "{\"hidden_act\": \"gelu\"}, GELU_TANH",
        "{\"hidden_act\": \"silu\"}, SILU",
        "`{\"hidden_act\": \"gelu_pytorch_tanh\", \"hidden_activation\": \"gelu\"}`, GELU_TANH"
      })
  @DisplayName("is what hidden_act says, where the exact GELU means the approximation")
  void activation(String entries, Activation.Kind expected) throws IOException {
    Path file = directory.resolve("config.json");
    Files.writeString(file, entries);
    assertEquals(expected, Gemma.activation(Config.read(file)));
  }
}
