package org.attention4j.generate.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Sets of characters as sequences of ranges of UTF-8 bytes. */
final class Utf8 {
  private static final int[] LIMITS = {0x7f, 0x7ff, 0xffff, Character.MAX_CODE_POINT};
  private static final int BITS = 6; // of a character in each byte but the first

  private Utf8() {}

  /** One byte from the first to the last. */
  record Bytes(int first, int last) {}

  /** The sequences that together are the characters of a set, each as one byte after the other. */
  static List<List<Bytes>> sequences(CodePoints set) {
    List<List<Bytes>> found = new ArrayList<>();
    for (CodePoints.Range range : set.ranges()) {
      int low = range.first();
      for (int limit : LIMITS) { // of one length each
        if (low <= Math.min(limit, range.last())) {
          split(low, Math.min(limit, range.last()), found);
          low = limit + 1;
        }
      }
    }
    return found;
  }

  /** Cuts a range until later bytes are whole where earlier ones differ. */
  private static void split(int low, int high, List<List<Bytes>> found) {
    for (int i = 1; i < LIMITS.length; i++) {
      int later = (1 << (BITS * i)) - 1;
      if ((low & ~later) != (high & ~later)) {
        if ((low & later) != 0) {
          split(low, low | later, found);
          split((low | later) + 1, high, found);
          return;
        }
        if ((high & later) != later) {
          split(low, (high & ~later) - 1, found);
          split(high & ~later, high, found);
          return;
        }
      }
    }
    int[] first = encode(low);
    int[] last = encode(high);
    List<Bytes> bytes = new ArrayList<>();
    for (int i = 0; i < first.length; i++) {
      bytes.add(new Bytes(first[i], last[i]));
    }
    found.add(bytes);
  }

  private static int[] encode(int character) {
    byte[] bytes = Character.toString(character).getBytes(StandardCharsets.UTF_8);
    int[] unsigned = new int[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      unsigned[i] = bytes[i] & 0xff;
    }
    return unsigned;
  }
}
