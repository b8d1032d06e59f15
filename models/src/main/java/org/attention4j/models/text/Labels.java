package org.attention4j.models.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.attention4j.models.family.Config;

/** Names of classes: {@code id2label}, or LABEL_0, LABEL_1 ... */
final class Labels {
  private static final String ENTRY = "id2label";

  private Labels() {}

  /**
   * The names, by number.
   *
   * @throws org.attention4j.error.FileFormatException if a number has none
   */
  static List<String> read(Config config) {
    int count = config.count(ENTRY, 2);
    JsonNode given = config.json().path(ENTRY);
    List<String> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      JsonNode name = given.isArray() ? given.path(i) : given.path(Integer.toString(i));
      if (given.isMissingNode() || given.isNull()) {
        names.add("LABEL_" + i);
      } else if (name.isValueNode() && !name.isNull()) {
        names.add(name.asText());
      } else {
        throw config.wrong(ENTRY, "a name for each number below " + count, given);
      }
    }
    return names;
  }
}
