package org.attention4j.models.huggingface.family;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("docs/adding-a-family.md")
final class AddingAFamilyTest {
  @Test
  @DisplayName("shows the code of Qwen 3 as it is")
  void showsTheCode() throws IOException {
    String page = Files.readString(Path.of("../docs/adding-a-family.md"));
    String source =
        Files.readString(
            Path.of("src/main/java/org/attention4j/models/huggingface/family/Qwen3.java"));
    Matcher code = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(page);
    int found = 0;
    while (code.find()) {
      found++;
      String text = code.group(1);
      assertTrue(source.contains(text), () -> "Qwen3.java does not hold this code:\n" + text);
    }
    assertTrue(found >= 3, "the page shows " + found + " pieces of code");
  }
}
