package org.attention4j.models.text;

import org.jspecify.annotations.Nullable;

/**
 * What an encoder reads at a time: a text, or two.
 *
 * @param second null for one text
 */
public record TextPair(String first, @Nullable String second) {

  /** One text. */
  public static TextPair of(String text) {
    return new TextPair(text, null);
  }

  /** Two texts. */
  public static TextPair of(String first, String second) {
    return new TextPair(first, second);
  }
}
