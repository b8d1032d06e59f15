package org.attention4j.models.token;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.BitSet;
import java.util.Deque;
import java.util.Optional;

/**
 * The character map of a SentencePiece normalizer: the length of a double-array trie in bytes, the
 * trie, and the replacements, each ended by a zero byte. The library looks up what the trie says
 * without asking whether it is there, so that is asked here.
 *
 * <p>Source: {@code PrefixMatcher} and {@code Normalizer} of SentencePiece; the units are those of
 * the Darts-clone library: bits 0 to 7 and 31 the label, bit 8 whether there is a value, bits 10 to
 * 30 the offset, shifted by 8 if bit 9 is set.
 */
final class PrecompiledMap {
  private final int[] units;
  private final ByteBuffer replacements;
  private final BitSet seen = new BitSet();
  private final Deque<Integer> open = new ArrayDeque<>();

  private PrecompiledMap(int[] units, ByteBuffer replacements) {
    this.units = units;
    this.replacements = replacements;
  }

  /** What is wrong, if anything. */
  static Optional<String> problem(String base64) {
    ByteBuffer bytes;
    try {
      bytes = ByteBuffer.wrap(Base64.getDecoder().decode(base64)).order(ByteOrder.LITTLE_ENDIAN);
    } catch (IllegalArgumentException e) {
      return Optional.of("is no Base64");
    }
    long trie = bytes.remaining() < 4 ? 0 : Integer.toUnsignedLong(bytes.getInt());
    if (trie == 0 || trie % 4 != 0 || trie > bytes.remaining()) {
      return Optional.of("has no room for its trie of " + trie + " bytes");
    }
    int[] units = new int[(int) (trie / 4)];
    for (int i = 0; i < units.length; i++) {
      units[i] = bytes.getInt();
    }
    ByteBuffer replacements = bytes.slice();
    try {
      StandardCharsets.UTF_8.newDecoder().decode(replacements.duplicate());
    } catch (CharacterCodingException e) {
      return Optional.of("has replacements that are no UTF-8");
    }
    return new PrecompiledMap(units, replacements).sound()
        ? Optional.empty()
        : Optional.of("has a trie that leads out of it");
  }

  /** Whether no text leads out of the trie or the replacements. */
  private boolean sound() {
    int[] first = new int[units.length]; // a unit that continues a node, plus 1
    int[] other = new int[units.length]; // another one that continues the same node, plus 1
    for (int unit = 0; unit < units.length; unit++) {
      int label = units[unit] & 0x800000ff;
      int node = unit ^ label;
      if (label > 0 && node < units.length) {
        other[unit] = first[node];
        first[node] = unit + 1;
      }
    }
    if (!reaches(offset(units[0]))) {
      return false;
    }
    while (!open.isEmpty()) {
      int node = open.pop();
      if ((node | 0xff) >= units.length) { // any byte may come next
        return false;
      }
      for (int unit = first[node] - 1; unit >= 0; unit = other[unit] - 1) {
        int child = unit ^ offset(units[unit]);
        boolean value = (units[unit] >>> 8 & 1) != 0;
        if (!reaches(child) || (value && !replacement(child))) {
          return false;
        }
      }
    }
    return true;
  }

  /** Remembers a node to look at, if it is one. */
  private boolean reaches(int node) {
    if (node < 0 || node >= units.length) {
      return false;
    }
    if (!seen.get(node)) {
      seen.set(node);
      open.push(node);
    }
    return true;
  }

  /** Whether the value of a node is where a character begins. */
  private boolean replacement(int node) {
    int at = units[node] & 0x7fffffff;
    return at == replacements.limit()
        || (at < replacements.limit() && (replacements.get(at) & 0xc0) != 0x80);
  }

  private static int offset(int unit) {
    return unit >>> 10 << ((unit & 1 << 9) >>> 6);
  }
}
