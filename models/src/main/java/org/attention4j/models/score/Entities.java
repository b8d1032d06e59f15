package org.attention4j.models.score;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.attention4j.error.UsageException;

/**
 * How many of the entities in labelled sentences were found, as the shared task CoNLL-2003 counts
 * them (Tjong Kim Sang and De Meulder 2003): one counts if its kind, its first and its last word
 * are right. Labels are {@code O} for none, {@code B-KIND} for the first word of an entity and
 * {@code I-KIND} for the others (IOB2); {@code I-KIND} behind something else begins one, too. Of
 * IOBES, {@code S-} and {@code E-} are known. Neighbours of one label without such a prefix are one
 * entity.
 *
 * @param all of all kinds
 * @param kinds by their names, in order
 * @param accuracy share of the words whose label is right; 0 without words
 * @param words in the sentences
 */
public record Entities(Count all, Map<String, Count> kinds, double accuracy, long words) {
  private static final String OUTSIDE = "O";

  public Entities {
    kinds = Collections.unmodifiableMap(new TreeMap<>(kinds));
  }

  /**
   * What a share is of.
   *
   * @param right found where they are
   * @param found of those that were found
   * @param there of those that are there
   */
  public record Count(long right, long found, long there) {
    private static final Count NONE = new Count(0, 0, 0);

    /** Share of the found ones that are right; 0 if none was found. */
    public double precision() {
      return found == 0 ? 0 : (double) right / found;
    }

    /** Share of those there that were found; 0 if there are none. */
    public double recall() {
      return there == 0 ? 0 : (double) right / there;
    }

    /** Harmonic mean of precision and recall. */
    public double f1() {
      return right == 0 ? 0 : 2.0 * right / (found + there);
    }

    private Count plus(Count other) {
      return new Count(right + other.right, found + other.found, there + other.there);
    }
  }

  /** From the first word to the last one. */
  private record Span(String kind, int first, int last) {}

  /**
   * Counts.
   *
   * @param wanted labels of each sentence's words
   * @param found labels that a model gave them
   * @throws UsageException if the sentences are not of the same words
   */
  public static Entities of(List<List<String>> wanted, List<List<String>> found) {
    if (!wanted.stream().map(List::size).toList().equals(found.stream().map(List::size).toList())) {
      throw new UsageException("the labels are not those of the same sentences");
    }
    Map<String, Count> kinds = new TreeMap<>();
    long words = 0;
    long equal = 0;
    for (int i = 0; i < wanted.size(); i++) {
      Set<Span> there = spans(wanted.get(i));
      Set<Span> given = spans(found.get(i));
      there.forEach(s -> kinds.merge(s.kind, new Count(0, 0, 1), Count::plus));
      for (Span span : given) {
        kinds.merge(span.kind, new Count(there.contains(span) ? 1 : 0, 1, 0), Count::plus);
      }
      for (int word = 0; word < wanted.get(i).size(); word++) {
        words++;
        equal += wanted.get(i).get(word).equals(found.get(i).get(word)) ? 1 : 0;
      }
    }
    Count all = kinds.values().stream().reduce(Count.NONE, Count::plus);
    return new Entities(all, kinds, words == 0 ? 0 : (double) equal / words, words);
  }

  private static Set<Span> spans(List<String> labels) {
    List<Span> spans = new ArrayList<>();
    int first = 0;
    for (int i = 0; i < labels.size(); i++) {
      first = i == 0 || begins(labels.get(i - 1), labels.get(i)) ? i : first;
      boolean ends = i + 1 == labels.size() || begins(labels.get(i), labels.get(i + 1));
      if (ends && !labels.get(i).equals(OUTSIDE)) {
        spans.add(new Span(kind(labels.get(i)), first, i));
      }
    }
    return new HashSet<>(spans);
  }

  /** Whether something else begins behind a word. */
  private static boolean begins(String before, String label) {
    return prefix(label) == 'B'
        || prefix(label) == 'S'
        || prefix(before) == 'E'
        || prefix(before) == 'S'
        || label.equals(OUTSIDE) != before.equals(OUTSIDE)
        || !kind(label).equals(kind(before));
  }

  private static char prefix(String label) {
    return label.matches("[BIES]-.*") ? label.charAt(0) : ' ';
  }

  private static String kind(String label) {
    return prefix(label) == ' ' ? label : label.substring(2);
  }
}
