package org.attention4j.models.finetune;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.error.UsageException;
import org.attention4j.models.family.Config;

/** Classes by name, as {@code id2label} has them. */
final class LabelNames {
  private static final int USUAL = 2;

  private LabelNames() {}

  /** Ids of the names in a configuration. */
  static Map<String, Double> of(Config config) {
    Map<String, Double> ids = new LinkedHashMap<>();
    int count = config.count("id2label", USUAL);
    for (int i = 0; i < count; i++) {
      String usual = "LABEL_" + i;
      String name = config.section("id2label").text(Integer.toString(i), usual);
      ids.put(name, (double) i);
    }
    return ids;
  }

  /** Ids in the order of the names. */
  static Map<String, Double> of(List<String> names) {
    Map<String, Double> ids = new LinkedHashMap<>();
    for (String name : names) {
      ids.put(name, (double) ids.size());
    }
    return ids;
  }

  /** Whether all labels are names, or numbers of classes. */
  static boolean cover(Map<String, Double> ids, Collection<String> labels) {
    return ids.keySet().containsAll(labels)
        || labels.stream().allMatch(l -> l.matches("\\d{1,6}") && Integer.parseInt(l) < ids.size());
  }

  /** The id of a label. */
  static double id(Map<String, Double> ids, String label) {
    Double id = ids.get(label);
    return id != null ? id : number(label);
  }

  /**
   * A label that is a number.
   *
   * @throws UsageException if it is none
   */
  static double number(String label) {
    try {
      return Double.parseDouble(label);
    } catch (NumberFormatException e) {
      throw new UsageException("'" + label + "' should be a number, as the model has one label", e);
    }
  }
}
