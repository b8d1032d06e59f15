package org.attention4j.generate.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The bytes of a vocabulary's tokens in a tree, in which tokens with the same beginning share it.
 * Immutable and thread-safe.
 */
public final class TokenTexts {
  private final byte[][] bytes;

  /** Places of the tree, those below one directly after it. */
  final byte[] labels;

  /** The place after all that is below. */
  final int[] skips;

  /** How many bytes lead to a place, its own counted in. */
  final int[] depths;

  /** The tokens that end at a place: {@code ids[from[place]] .. ids[from[place + 1] - 1]}. */
  final int[] from;

  final int[] ids;
  final int deepest;

  private TokenTexts(byte[][] bytes) {
    this.bytes = bytes;
    Integer[] sorted =
        IntStream.range(0, bytes.length)
            .filter(id -> bytes[id].length > 0)
            .boxed()
            .toArray(Integer[]::new);
    Arrays.sort(sorted, (a, b) -> Arrays.compareUnsigned(bytes[a], bytes[b]));
    int places = 0;
    byte[] before = {};
    for (int id : sorted) {
      places += bytes[id].length - common(before, bytes[id]);
      before = bytes[id];
    }
    labels = new byte[places];
    skips = new int[places];
    depths = new int[places];
    from = new int[places + 1];
    ids = new int[sorted.length];
    deepest = Arrays.stream(sorted).mapToInt(id -> bytes[id].length).max().orElse(0);
    int[] path = new int[deepest + 1];
    int place = 0;
    int count = 0;
    before = new byte[0];
    for (int id : sorted) {
      byte[] text = bytes[id];
      int common = common(before, text);
      for (int depth = common; depth < before.length; depth++) {
        skips[path[depth]] = place;
      }
      for (int depth = common; depth < text.length; depth++) {
        from[place] = count;
        labels[place] = text[depth];
        depths[place] = depth + 1;
        path[depth] = place++;
      }
      ids[count++] = id;
      before = text;
    }
    for (int depth = 0; depth < before.length; depth++) {
      skips[path[depth]] = place;
    }
    from[places] = count;
  }

  /**
   * A vocabulary.
   *
   * @param texts the bytes of each token, by its id; empty for tokens that are not text
   */
  public static TokenTexts of(List<byte[]> texts) {
    List<byte[]> copies = new ArrayList<>();
    texts.forEach(text -> copies.add(text.clone()));
    return new TokenTexts(copies.toArray(byte[][]::new));
  }

  private static int common(byte[] a, byte[] b) {
    int different = Arrays.mismatch(a, b);
    return different < 0 ? a.length : different;
  }

  /** How many ids there are. */
  public int size() {
    return bytes.length;
  }

  /** The bytes of a token; not to be changed. */
  byte[] of(long id) {
    return id < 0 || id >= bytes.length ? new byte[0] : bytes[(int) id];
  }
}
