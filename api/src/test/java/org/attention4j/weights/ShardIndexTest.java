package org.attention4j.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.attention4j.error.AttentionException;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.StorageException;
import org.attention4j.json.JsonWriter;
import org.attention4j.tensor.HostTensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("Weights split over files")
class ShardIndexTest {
  @TempDir Path directory;

  @BeforeEach
  void twoShards() {
    Weights.of(Map.of("a", HostTensor.scalar(1f)), Map.of("format", "pt"))
        .save(directory.resolve("m-1-of-2.safetensors"));
    Weights.of(Map.of("b", HostTensor.scalar(2f))).save(directory.resolve("m-2-of-2.safetensors"));
  }

  private Path index(Map<String, String> weightMap) throws IOException {
    String json =
        JsonWriter.write(Map.of("metadata", Map.of("total_size", 8), "weight_map", weightMap));
    return Files.writeString(directory.resolve("model.safetensors.index.json"), json);
  }

  @Test
  @DisplayName("are read through their index, or the directory it is in")
  void loads() throws IOException {
    Path index = index(Map.of("a", "m-1-of-2.safetensors", "b", "m-2-of-2.safetensors"));
    for (Path path : new Path[] {index, directory}) {
      Weights weights = Weights.load(path);
      assertEquals(1, weights.get("a").getDouble(0));
      assertEquals(2, weights.get("b").getDouble(0));
      assertEquals(Map.of("format", "pt"), weights.metadata());
    }
  }

  @Test
  @DisplayName("give way to a single file in the same directory")
  void singleFileFirst() throws IOException {
    index(Map.of("a", "m-1-of-2.safetensors"));
    Weights.of(Map.of("c", HostTensor.scalar(3f))).save(directory.resolve("model.safetensors"));
    assertTrue(Weights.load(directory).has("c"));
  }

  @Test
  @DisplayName("are refused when index and files disagree")
  void disagreement() throws IOException {
    String one = "m-1-of-2.safetensors";
    String two = "m-2-of-2.safetensors";
    refused(FileFormatException.class, Map.of("a", one, "c", one), "'c' is not in " + one);
    refused(FileFormatException.class, Map.of("a", one, "x", two), "'b' is in " + two, "not list");
    refused(FileFormatException.class, Map.of("a", two, "b", two), "'a' is not in " + two);
    refused(StorageException.class, Map.of("a", "m-3.safetensors"), "no file", "m-3");
    Weights.of(Map.of("a", HostTensor.scalar(1f), "b", HostTensor.scalar(2f)))
        .save(directory.resolve(two));
    refused(FileFormatException.class, Map.of("a", one, "b", two), "places it in " + one);
  }

  @Test
  @DisplayName("are not sought outside the directory of the index")
  void escape() throws IOException {
    for (String name :
        new String[] {"../m.safetensors", "/tmp/m.safetensors", "a\\b.safetensors", "m.bin", ""}) {
      refused(FileFormatException.class, Map.of("a", name), "beside the index");
    }
  }

  @Test
  @DisplayName("are refused when the index is not what it should be")
  void malformed() throws IOException {
    for (String text :
        new String[] {"", "[]", "{}", "{\"weight_map\":[]}", "{\"weight_map\":{}}"}) {
      Path file = Files.writeString(directory.resolve("model.safetensors.index.json"), text);
      assertThrows(FileFormatException.class, () -> Weights.load(file), text);
    }
  }

  private <E extends AttentionException> void refused(
      Class<E> type, Map<String, String> weightMap, String... parts) throws IOException {
    Path index = index(weightMap);
    E e = assertThrows(type, () -> Weights.load(index));
    for (String part : parts) {
      assertTrue(String.valueOf(e.getMessage()).contains(part), () -> part + " not in: " + e);
    }
  }
}
