package org.attention4j.models.finetune;

import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.attention4j.error.UsageException;
import org.attention4j.models.family.Config;

/** Classes by name, as {@code id2label} has them. */
final class LabelNames {
  private static final int USUAL = 2;
  private static final Pattern NUMBER =
      Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d{1,2})?");

  private LabelNames() {}

  /** Ids of the names in a configuration. */
  static Map<String, Double> of(Config config) {
    return of(list(config));
  }

  /** The names in a configuration, by number. */
  static List<String> list(Config config) {
    return IntStream.range(0, config.count("id2label", USUAL))
        .mapToObj(i -> config.section("id2label").text(Integer.toString(i), "LABEL_" + i))
        .toList();
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

  /** The labels of a text that may have several, with commas between. */
  static List<String> split(String field) {
    return Arrays.stream(field.split(",", -1))
        .map(String::strip)
        .filter(label -> !label.isEmpty())
        .toList();
  }

  /** 1 for each class that holds, otherwise 0. */
  static double[] marks(Map<String, Double> ids, String field) {
    double[] marks = new double[ids.size()];
    split(field).forEach(label -> marks[(int) id(ids, label)] = 1);
    return marks;
  }

  /**
   * Numbers with commas between.
   *
   * @throws UsageException if there are not so many
   */
  static double[] numbers(String field, int count) {
    String[] parts = count == 1 ? new String[] {field} : field.split(",", -1);
    if (parts.length != count) {
      throw new UsageException(
          "has " + parts.length + " numbers, but the model has " + count + ": '" + field + "'");
    }
    return Arrays.stream(parts).mapToDouble(part -> number(part.strip())).toArray();
  }

  /**
   * Names of classes that a file has by number: those of a configuration, or LABEL_0, LABEL_1 ...
   */
  static List<String> numbered(Config config, Collection<String> labels) {
    int count = labels.stream().mapToInt(Integer::parseInt).max().orElse(0) + 1;
    List<String> named = list(config);
    return config.has("id2label") && named.size() >= count
        ? named
        : IntStream.range(0, count).mapToObj(i -> "LABEL_" + i).toList();
  }

  /**
   * A label that is a number.
   *
   * @throws UsageException if it is none
   */
  private static double number(String label) {
    if (!NUMBER.matcher(label).matches()) {
      throw new UsageException("has the label '" + label + "', where the model learns numbers");
    }
    return Double.parseDouble(label);
  }
}
