package org.attention4j.models.finetune;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.attention4j.error.FileFormatException;
import org.attention4j.models.store.JsonFile;

/** Pairs of completions: JSON lines with {@code prompt}, {@code chosen} and {@code rejected}. */
final class PreferenceFile {

  private PreferenceFile() {}

  /**
   * One pair.
   *
   * @param line of the file, from 0
   */
  record Pair(String prompt, String chosen, String rejected, int line) {}

  /**
   * Reads the pairs; blank lines are none.
   *
   * @throws FileFormatException that names the line that is wrong
   */
  static List<Pair> read(Path file, String text) {
    List<Pair> pairs = new ArrayList<>();
    List<String> lines = text.lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      if (!lines.get(i).isBlank()) {
        ObjectNode json = JsonFile.parse(file, lines.get(i), i + 1);
        pairs.add(
            new Pair(
                text(file, json, "prompt", i),
                text(file, json, "chosen", i),
                text(file, json, "rejected", i),
                i));
      }
    }
    return pairs;
  }

  private static String text(Path file, ObjectNode json, String name, int line) {
    JsonNode text = json.path(name);
    if (text.isTextual() && !text.textValue().isEmpty()) {
      return text.textValue();
    }
    String kind =
        text.isMissingNode()
            ? "has no '" + name + "'"
            : text.isTextual() ? "has an empty '" + name + "'" : "has no text as '" + name + "'";
    throw new FileFormatException(
        file,
        "line " + (line + 1) + " " + kind + "; it needs texts 'prompt', 'chosen' and 'rejected'");
  }
}
