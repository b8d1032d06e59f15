package org.attention4j.models.input;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.UsageException;
import org.attention4j.models.store.JsonFile;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("What is on a picture")
class ImageClassifierTest {
  private static final Path IMAGES = Path.of("src/test/resources/images");
  private static final Path MODEL = IMAGES.resolve("classifier");

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"reference", "djl", "onnx"})
  @DisplayName("is told with the probabilities that src/test/fixtures/images.py recorded")
  void asRecorded(String engine) {
    JsonNode recorded = JsonFile.read(IMAGES.resolve("classes.json"));
    List<RgbImage> images = new ArrayList<>();
    recorded.properties().forEach(e -> images.add(RgbImage.read(IMAGES.resolve(e.getKey()))));
    try (ImageClassifier classifier = ImageClassifier.open(MODEL, engine)) {
      assertEquals(List.of("cat", "dog", "wave"), classifier.labels());
      List<List<ImageClassifier.Scored>> classes = classifier.classify(images);
      int row = 0;
      for (JsonNode expected : recorded) {
        List<ImageClassifier.Scored> found = classes.get(row++);
        assertEquals(3, found.size());
        double last = 1;
        for (ImageClassifier.Scored scored : found) {
          assertEquals(expected.path(scored.label()).asDouble(), scored.score(), 1e-5);
          assertTrue(scored.score() <= last, "the likeliest first");
          last = scored.score();
        }
      }
    }
  }

  @Test
  @DisplayName("is not told by a model of texts, or with a processor of another size")
  void refused() throws IOException {
    Path text = Path.of("src/test/resources/golden/gpt2");
    UsageException model =
        assertThrows(UsageException.class, () -> ImageClassifier.open(text, "reference"));
    assertTrue(model.toString().contains("gpt2"), model.toString());
    for (String name : List.of("config.json", "model.safetensors")) {
      Files.copy(MODEL.resolve(name), directory.resolve(name));
    }
    ObjectNode json = JsonFile.read(MODEL.resolve(ImageProcessor.FILE));
    json.set("size", JsonFile.tree(16));
    Files.writeString(directory.resolve(ImageProcessor.FILE), json.toString());
    FileFormatException size =
        assertThrows(FileFormatException.class, () -> ImageClassifier.open(directory, "reference"));
    assertTrue(size.toString().contains("16 x 16"), size.toString());
  }
}
