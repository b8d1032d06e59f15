package org.attention4j.weights;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.attention4j.error.UsageException;

/** What a tensor may be called, and which names resemble a wrong one. */
final class WeightNames {
  private static final int MAX_LENGTH = 4096;

  private WeightNames() {}

  /**
   * What is wrong with a tensor's name: it must not be empty or endless, hold control characters or
   * half code points, or be what safetensors reserves for metadata.
   */
  static Optional<String> problem(String name) {
    if (name.isEmpty() || name.length() > MAX_LENGTH) {
      return Optional.of(
          "a tensor's name must have 1 to " + MAX_LENGTH + " characters, not " + name.length());
    }
    if (name.equals(SafetensorsHeader.METADATA)) {
      return Optional.of("no tensor may be named '" + name + "': that is for the metadata");
    }
    if (name.codePoints().anyMatch(c -> Character.isISOControl(c) || isSurrogate(c))) {
      return Optional.of("a tensor's name may not hold control characters or half surrogate pairs");
    }
    return Optional.empty();
  }

  /**
   * Checks a tensor's name.
   *
   * @throws UsageException if it has a {@link #problem}
   */
  static void check(String name) {
    problem(name)
        .ifPresent(
            problem -> {
              throw new UsageException(problem);
            });
  }

  /**
   * Checks a text in the metadata.
   *
   * @throws UsageException if it cannot be written as UTF-8
   */
  static void checkText(String text) {
    if (text.codePoints().anyMatch(WeightNames::isSurrogate)) {
      throw new UsageException("metadata may not hold half surrogate pairs");
    }
  }

  private static boolean isSurrogate(int codePoint) {
    return codePoint >= 0xd800 && codePoint <= 0xdfff;
  }

  /** Up to three names that differ from {@code wrong} by a prefix or a few letters, best first. */
  static List<String> resembling(String wrong, Collection<String> names) {
    record Candidate(String name, int distance) {}
    int allowed = Math.max(2, wrong.length() / 4);
    return names.stream()
        .map(name -> new Candidate(name, distance(wrong, name, allowed)))
        .filter(c -> c.distance <= allowed)
        .sorted(Comparator.comparingInt(Candidate::distance).thenComparing(Candidate::name))
        .limit(3)
        .map(Candidate::name)
        .toList();
  }

  private static int distance(String a, String b, int allowed) {
    if (b.endsWith("." + a) || a.endsWith("." + b)) {
      return 1;
    }
    return Math.abs(a.length() - b.length()) > allowed ? allowed + 1 : levenshtein(a, b);
  }

  private static int levenshtein(String a, String b) {
    int[] row = new int[b.length() + 1]; // row[j]: a's first i letters to b's first j
    for (int j = 0; j < row.length; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j < row.length; j++) {
        int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
