package org.attention4j.models.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Examples between the marks {@code // docs:NAME} and {@code // docs:end} of a class here. */
final class PageExamples {
  private static final Path DOCS = Path.of("../docs");
  private static final Path HERE = Path.of("src/test/java/org/attention4j/models/docs");
  private static final Pattern EXAMPLE =
      Pattern.compile(" *// docs:[a-z]+\n(.*?)\n+ *// docs:end", Pattern.DOTALL);

  private PageExamples() {}

  /** Asserts that a page shows each of them. */
  static void assertShown(String page, Class<?> source, int examples) throws IOException {
    String shown = Files.readString(DOCS.resolve(page));
    String code = Files.readString(HERE.resolve(source.getSimpleName() + ".java"));
    Matcher example = EXAMPLE.matcher(code);
    int count = 0;
    while (example.find()) {
      String text = example.group(1).stripIndent().strip();
      assertTrue(shown.contains("```java\n" + text + "\n```"), "not on the page:\n" + text);
      count++;
    }
    assertEquals(examples, count);
  }
}
