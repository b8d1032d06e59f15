package org.attention4j.generate;

import java.util.Arrays;
import java.util.List;

/** Finds what followed the end of a text where it stood before (prompt lookup, Saxena 2023). */
final class Lookup {
  private Lookup() {}

  /**
   * The tokens after the latest earlier place of the text's last tokens.
   *
   * @param longest tokens that are compared at most; if they stand nowhere else, one fewer
   * @param count tokens wanted
   * @return at most {@code count}; none if the last token comes for the first time
   */
  static List<Long> after(long[] text, int longest, int count) {
    for (int n = Math.min(longest, text.length - 1); n > 0; n--) {
      int end = text.length - n;
      for (int start = end - 1; start >= 0; start--) {
        if (Arrays.equals(text, start, start + n, text, end, text.length)) {
          int from = start + n;
          int to = Math.min(text.length, from + count);
          return Arrays.stream(text, from, to).boxed().toList();
        }
      }
    }
    return List.of();
  }
}
