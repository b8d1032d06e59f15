package org.attention4j.generate;

/** Ends a text by more than its last token, such as by words in it. */
public interface StopRule {

  /**
   * Whether the text ends here.
   *
   * @param tokens prompt and new tokens
   * @param promptLength how many of them are the prompt's
   */
  boolean ends(long[] tokens, int promptLength);

  /** Never ends a text. */
  static StopRule never() {
    return (tokens, promptLength) -> false;
  }
}
