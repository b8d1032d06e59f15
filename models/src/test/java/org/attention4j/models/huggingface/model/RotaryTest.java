package org.attention4j.models.huggingface.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.attention4j.error.FileFormatException;
import org.attention4j.models.family.Config;
import org.attention4j.nn.LengthRotation;
import org.attention4j.nn.Rotation;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Rotary embeddings of a configuration")
final class RotaryTest {
  @TempDir Path directory;

  private Rotation read(String entries) throws IOException {
    Path file = directory.resolve("config.json");
    Files.writeString(
        file, "{\"model_type\": \"llama\", \"max_position_embeddings\": 64, " + entries + "}");
    return Rotary.read(Config.read(file), 8);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"rope_type\": \"linear\", \"factor\": 2.5",
        "\"rope_type\": \"dynamic\", \"factor\": 2.0",
        "\"rope_type\": \"yarn\", \"factor\": 4.0, \"original_max_position_embeddings\": 16",
        "\"rope_type\": \"llama3\", \"factor\": 8.0, \"low_freq_factor\": 1.0,"
            + " \"high_freq_factor\": 4.0, \"original_max_position_embeddings\": 16",
        "\"rope_type\": \"longrope\", \"short_factor\": [1, 1, 2, 2],"
            + " \"long_factor\": [3, 3, 4, 4], \"original_max_position_embeddings\": 16"
      })
  @DisplayName("are the same in the older and the newer spelling")
  void olderAndNewer(String scaling) throws IOException {
    Rotation older = read("\"rope_theta\": 500.0, \"rope_scaling\": {" + scaling + "}");
    Rotation newer = read("\"rope_parameters\": {\"rope_theta\": 500.0, " + scaling + "}");
    assertEquals(older, newer);
    Rotation oldest =
        read(
            "\"rope_theta\": 500.0, \"rope_scaling\": {"
                + scaling.replace("rope_type", "type")
                + "}");
    assertEquals(older, oldest);
  }

  @ParameterizedTest
  @ValueSource(strings = {"dynamic", "longrope", "su", "linear", "yarn", "llama3", "default"})
  @DisplayName("change with the length or not, however the type is spelled")
  void growing(String type) throws IOException {
    for (String place :
        List.of(
            "\"rope_scaling\": {\"type\": \"%s\"}",
            "\"rope_scaling\": {\"rope_type\": \"%s\"}",
            "\"rope_scaling\": null, \"rope_parameters\": {\"rope_type\": \"%s\"}")) {
      Path file = directory.resolve("config.json");
      Files.writeString(file, "{" + place.formatted(type) + "}");
      boolean grows = List.of("dynamic", "longrope", "su").contains(type);
      assertEquals(grows, Rotary.changesWithLength(Config.read(file)), place);
    }
  }

  @Test
  @DisplayName("of Llama 3 keep short waves and stretch long ones")
  void llama3() throws IOException {
    Rotation.Fixed rotation =
        assertInstanceOf(
            Rotation.Fixed.class,
            read(
                "\"rope_theta\": 10000.0, \"rope_scaling\": {\"rope_type\": \"llama3\","
                    + " \"factor\": 8.0, \"low_freq_factor\": 1.0, \"high_freq_factor\": 4.0,"
                    + " \"original_max_position_embeddings\": 32}"));
    List<Double> frequencies = rotation.embedding().frequencies();
    assertEquals(1.0, frequencies.get(0)); // 5.1 turns in 32 tokens
    assertEquals(0.1 / 8, frequencies.get(1), 1e-12); // half a turn
    assertEquals(0.001 / 8, frequencies.get(3), 1e-12);
  }

  @Test
  @DisplayName("of LongRoPE grow by the factor, or by the contexts where none is given or read")
  void longRope() throws IOException {
    String lists = "{\"rope_type\": \"longrope\", \"short_factor\": [1, 1, 2, 2], %s}";
    String factors = lists.formatted("\"long_factor\": [3, 3, 4, 4]%s");
    String above = "\"original_max_position_embeddings\": 16";
    String given = factors.formatted(", \"factor\": 8.0");
    double byFactor = Math.sqrt(1 + Math.log(8) / Math.log(16));
    double byContexts = Math.sqrt(1 + Math.log(4) / Math.log(16));
    assertEquals(byFactor, scale(above + ", \"rope_parameters\": " + given));
    assertEquals(byContexts, scale(above + ", \"rope_scaling\": " + given));
    assertEquals(byContexts, scale(above + ", \"rope_parameters\": " + factors.formatted("")));
  }

  private double scale(String entries) throws IOException {
    return assertInstanceOf(LengthRotation.class, read(entries)).scale();
  }

  @Test
  @DisplayName("of an odd number of features turn one more, as GPT-NeoX's quarter of 12 does")
  void odd() throws IOException {
    Path file = directory.resolve("config.json");
    Files.writeString(file, "{\"model_type\": \"gpt_neox\"}");
    Rotation.Fixed rotation =
        assertInstanceOf(
            Rotation.Fixed.class, Rotary.read(Config.read(file), 12, 10000, 0.25, false));
    List<Double> frequencies = rotation.embedding().frequencies();
    assertEquals(2, frequencies.size());
    assertEquals(1.0, frequencies.get(0));
    assertEquals(Math.pow(10000, -2.0 / 3), frequencies.get(1), 1e-12);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"rope_scaling\": {\"rope_type\": \"spiral\"}",
        "\"rope_scaling\": {\"rope_type\": \"linear\"}",
        "\"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": 0}",
        "\"rope_scaling\": {\"rope_type\": \"longrope\", \"short_factor\": [1], \"long_factor\": [1]}",
        "\"partial_rotary_factor\": 0.5", // Llama turns all features, whatever this says
        "\"rope_parameters\": {\"partial_rotary_factor\": 0.5}",
        "\"rope_scaling\": 7"
      })
  @DisplayName("that are unknown or incomplete are refused")
  void refused(String entries) {
    assertThrows(FileFormatException.class, () -> read(entries));
  }
}
