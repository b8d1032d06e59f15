package org.attention4j.generate;

import java.util.Set;

/** The texts that may be written after a prompt. Thread-safe. */
public interface Language {

  /**
   * Forbids every token with which no text of the language goes on: its score becomes -infinity.
   *
   * @param tokens prompt and new tokens
   * @param prompt how many of them are the prompt's
   * @param left new tokens at most from here; texts that can be whole by then are preferred
   * @param stopTokens that may come where a text is whole
   * @throws org.attention4j.error.UsageException if no token is left, or the new tokens are not the
   *     beginning of a text of the language
   */
  void restrict(double[] scores, long[] tokens, int prompt, int left, Set<Long> stopTokens);

  /**
   * Whether the new tokens are a whole text that nothing can follow within the tokens left.
   *
   * @param left new tokens at most from here
   */
  boolean isOver(long[] tokens, int prompt, int left);
}
