package org.attention4j.generate.grammar;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * A set of Unicode characters (code points without surrogates). Immutable.
 *
 * @param ranges in ascending order, with a gap between two of them
 */
public record CodePoints(List<Range> ranges) {
  private static final int LAST = Character.MAX_CODE_POINT;

  /** All characters from the first to the last, both counted in. */
  public record Range(int first, int last) {}

  public CodePoints {
    ranges = tidy(ranges);
  }

  /** Sorted, joined, and without surrogates. */
  private static List<Range> tidy(List<Range> given) {
    List<Range> sorted = new ArrayList<>();
    for (Range range : given) {
      int low = Math.max(0, range.first);
      int high = Math.min(LAST, range.last);
      add(sorted, low, Math.min(high, Character.MIN_SURROGATE - 1));
      add(sorted, Math.max(low, Character.MAX_SURROGATE + 1), high);
    }
    sorted.sort(Comparator.comparingInt(Range::first));
    List<Range> joined = new ArrayList<>();
    for (Range range : sorted) {
      Range last = joined.isEmpty() ? null : joined.get(joined.size() - 1);
      if (last != null && range.first <= last.last + 1) {
        joined.set(joined.size() - 1, new Range(last.first, Math.max(last.last, range.last)));
      } else {
        joined.add(range);
      }
    }
    return List.copyOf(joined);
  }

  private static void add(List<Range> ranges, int low, int high) {
    if (low <= high) {
      ranges.add(new Range(low, high));
    }
  }

  /** Every character. */
  public static CodePoints all() {
    return range(0, LAST);
  }

  /** The characters of a text. */
  public static CodePoints of(String characters) {
    return new CodePoints(characters.codePoints().mapToObj(c -> new Range(c, c)).toList());
  }

  /** From the first to the last, both counted in. */
  public static CodePoints range(int first, int last) {
    return new CodePoints(List.of(new Range(first, last)));
  }

  /** Those for which something holds. */
  public static CodePoints where(IntPredicate holds) {
    List<Range> found = new ArrayList<>();
    int start = -1;
    for (int c = 0; c <= LAST + 1; c++) {
      boolean in = c <= LAST && holds.test(c);
      if (in && start < 0) {
        start = c;
      } else if (!in && start >= 0) {
        found.add(new Range(start, c - 1));
        start = -1;
      }
    }
    return new CodePoints(found);
  }

  /** These and others. */
  public CodePoints or(CodePoints others) {
    List<Range> both = new ArrayList<>(ranges);
    both.addAll(others.ranges);
    return new CodePoints(both);
  }

  /** All but these. */
  public CodePoints complement() {
    List<Range> gaps = new ArrayList<>();
    int next = 0;
    for (Range range : ranges) {
      add(gaps, next, range.first - 1);
      next = range.last + 1;
    }
    add(gaps, next, LAST);
    return new CodePoints(gaps);
  }

  /** These without others. */
  public CodePoints minus(CodePoints others) {
    return complement().or(others).complement();
  }

  /** Whether a character is among them. */
  public boolean contains(int character) {
    return ranges.stream().anyMatch(r -> r.first <= character && character <= r.last);
  }

  public boolean isEmpty() {
    return ranges.isEmpty();
  }
}
