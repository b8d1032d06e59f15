package org.attention4j.conformance.example;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.attention4j.conformance.EngineConformance;
import org.attention4j.spi.Engine;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A third party's engine of primitives passes the kit")
final class FloatArrayEngineTest extends EngineConformance {
  private static final Path FOLDER = Path.of("src/test/java/org/attention4j/conformance/example");

  @Override
  protected Engine engine() {
    return new FloatArrayEngine();
  }

  @Test
  @DisplayName("in under 300 lines, every line counted")
  void isSmall() throws IOException {
    int lines = lines("FloatArrayEngine.java").size() + lines("FloatArrays.java").size();
    assertTrue(lines < 300, () -> lines + " lines");
  }

  private static List<String> lines(String file) throws IOException {
    return Files.readAllLines(FOLDER.resolve(file));
  }

  @Test
  @DisplayName("and docs/adding-an-engine.md shows its code as it is")
  void isShownInTheDocs() throws IOException {
    String page = Files.readString(Path.of("../../docs/adding-an-engine.md"));
    String sources =
        Files.readString(FOLDER.resolve("FloatArrayEngine.java"))
            + Files.readString(FOLDER.resolve("FloatArrays.java"))
            + Files.readString(FOLDER.resolve("FloatArrayEngineTest.java"));
    String[] parts = page.split("```java\n", -1);
    assertTrue(parts.length > 3, "the page shows code");
    for (int i = 1; i < parts.length; i++) {
      String snippet = parts[i].substring(0, parts[i].indexOf("```")).strip();
      assertTrue(sources.contains(snippet), () -> "not in the test sources:\n" + snippet);
    }
  }
}
