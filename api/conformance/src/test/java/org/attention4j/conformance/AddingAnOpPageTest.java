package org.attention4j.conformance;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The code of docs/adding-an-op.md is the code that the kit runs. */
final class AddingAnOpPageTest {
  private static final Path ROOT = Path.of("..", "..");
  private static final Path SOURCE =
      Path.of("src/main/java/org/attention4j/conformance/models/TinyCosine.java");

  @ParameterizedTest
  @ValueSource(strings = {"op", "block"})
  void thePageShowsTheSource(String part) throws IOException {
    String page = Files.readString(ROOT.resolve("docs/adding-an-op.md"));
    String source = Files.readString(SOURCE);
    int begin = source.indexOf("// " + part + ":begin\n");
    int end = source.indexOf("  // " + part + ":end");
    assertTrue(begin > 0 && end > begin, "markers of " + part);
    String code =
        source
            .substring(source.indexOf('\n', begin) + 1, end)
            .stripTrailing()
            .stripIndent()
            .strip();
    assertTrue(page.contains("```java\n" + code + "\n```"), "the page lacks:\n" + code);
  }
}
