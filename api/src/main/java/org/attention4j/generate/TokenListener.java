package org.attention4j.generate;

/** Hears of tokens as they are drawn. */
public interface TokenListener {

  /**
   * A token was drawn.
   *
   * @param sequence which of the sequences: those of the first prompt come first
   * @return false to end that sequence
   */
  boolean drawn(int sequence, long token);
}
