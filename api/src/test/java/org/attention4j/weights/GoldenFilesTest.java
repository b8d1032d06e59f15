package org.attention4j.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.attention4j.json.JsonValue;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("Files written by the safetensors library")
class GoldenFilesTest {
  @TempDir Path directory;

  private static Path resource(String name) throws URISyntaxException {
    return Path.of(Objects.requireNonNull(GoldenFilesTest.class.getResource(name)).toURI());
  }

  @Test
  @DisplayName("are read to the values that PyTorch wrote")
  void values() throws URISyntaxException {
    Weights weights = Weights.load(resource("layernorm_3.safetensors"));
    assertEquals(Map.of("case", "layernorm_3"), weights.metadata());
    HostTensor x = weights.get("in.x");
    HostTensor y = weights.get("out.out");
    assertArrayEquals(new long[] {1, 9, 8}, x.shape());
    double[] scale = weights.get("in.param.norm.weight").toDoubleArray();
    double[] shift = weights.get("in.param.norm.bias").toDoubleArray();
    for (int row = 0; row < 9; row++) {
      double mean = 0;
      double square = 0;
      for (int i = 0; i < 8; i++) {
        double value = x.getDouble(row * 8 + i);
        mean += value / 8;
        square += value * value / 8;
      }
      double deviation = Math.sqrt(square - mean * mean + 1e-6);
      for (int i = 0; i < 8; i++) {
        double expected = (x.getDouble(row * 8 + i) - mean) / deviation * scale[i] + shift[i];
        assertEquals(expected, y.getDouble(row * 8 + i), 3e-6);
      }
    }
  }

  @Test
  @DisplayName("are written by us with the very same bytes, in several dtypes too")
  void sameBytes() throws IOException, URISyntaxException {
    for (String name : List.of("layernorm_3.safetensors", "cross_entropy_04.safetensors")) {
      assertWritesTheSame(resource(name));
    }
  }

  private void assertWritesTheSame(Path file) throws IOException {
    Path copy = directory.resolve("copy.safetensors");
    Weights.load(file).save(copy);
    assertEquals(-1, Files.mismatch(file, copy), () -> file + " is written differently");
  }

  @Test
  @EnabledIfSystemProperty(
      named = "attention4j.golden",
      matches = ".+",
      disabledReason = "needs -Dattention4j.golden=FOLDER")
  @DisplayName("of the golden folder are read as their index says, and written with the same bytes")
  void wholeFolder() throws IOException {
    Path root = Path.of(System.getProperty("attention4j.golden"));
    int files = 0;
    for (var entry : JsonValue.read(root.resolve("INDEX.json")).get("cases").fields().entrySet()) {
      for (var file : entry.getValue().get("files").fields().entrySet()) {
        if (file.getKey().endsWith(".safetensors")) {
          Path path = root.resolve(entry.getKey()).resolve(file.getKey());
          Map<String, String> expected = new TreeMap<>();
          file.getValue()
              .get("tensors")
              .fields()
              .forEach((name, t) -> expected.put(name, described(t)));
          Map<String, String> actual = new TreeMap<>();
          Weights.load(path).tensors().forEach((name, t) -> actual.put(name, described(t)));
          assertEquals(expected, actual, path.toString());
          assertWritesTheSame(path);
          files++;
        }
      }
    }
    assertTrue(files > 0, "no safetensors files in " + root);
  }

  private static String described(JsonValue tensor) {
    return DType.fromSafetensors(tensor.get("dtype").text()).orElseThrow().label()
        + tensor.get("shape").items().stream().map(JsonValue::asLong).collect(Collectors.toList());
  }

  private static String described(HostTensor tensor) {
    return tensor.dtype().label() + Arrays.toString(tensor.shape());
  }
}
