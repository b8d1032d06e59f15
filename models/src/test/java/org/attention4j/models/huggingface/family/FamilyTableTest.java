package org.attention4j.models.huggingface.family;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.attention4j.models.huggingface.model.Task;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The README's table of families")
final class FamilyTableTest {
  private static final Path README = Path.of("../README.md");
  private static final Path SOURCES =
      Path.of("src/main/java/org/attention4j/models/huggingface/family");
  private static final String MARK = "<!-- families -->\n";

  private static String table() {
    String head = "| family | `model_type` | tasks | source |\n|---|---|---|---|\n";
    return Architectures.all().stream()
        .map(
            a ->
                String.format(
                    "| %s | `%s` | %s | %s |%n",
                    a.title(),
                    a.modelType(),
                    a.tasks().stream().map(Task::label).collect(Collectors.joining(", ")),
                    a.paper()))
        .collect(Collectors.joining("", head, ""));
  }

  @Test
  @DisplayName("is made from the code: renew it with -Dattention4j.update=true")
  void isUpToDate() throws IOException {
    String text = Files.readString(README);
    int from = text.indexOf(MARK) + MARK.length();
    int to = text.indexOf(MARK, from);
    if (Boolean.getBoolean("attention4j.update")) {
      text = text.substring(0, from) + table() + text.substring(to);
      Files.writeString(README, text);
      to = text.indexOf(MARK, from);
    }
    assertEquals(
        text.substring(from, to),
        table(),
        "README.md is old: mvn test -pl models -am -Dtest=FamilyTableTest"
            + " -Dsurefire.failIfNoSpecifiedTests=false -Dattention4j.update=true");
  }

  @Test
  @DisplayName("names families of one file each, under 150 lines")
  void filesAreShort() throws IOException {
    int families = 0;
    try (Stream<Path> files = Files.list(SOURCES)) {
      for (Path file : files.toList()) {
        List<String> lines = Files.readAllLines(file);
        if (lines.stream().anyMatch(line -> line.contains("static final Architecture "))) {
          families++;
          assertTrue(lines.size() < 150, file + " has " + lines.size() + " lines");
        }
      }
    }
    assertTrue(families > 0, "no family found");
  }
}
