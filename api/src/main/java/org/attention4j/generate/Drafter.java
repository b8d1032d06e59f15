package org.attention4j.generate;

/** Guesses how one text goes on. One thread at a time. */
interface Drafter extends AutoCloseable {

  /**
   * A guess.
   *
   * @param text prompt and new tokens
   * @param prompt how many of them are the prompt's
   * @param limit new tokens of the text at most
   * @param count tokens of the guess at most
   */
  Draft propose(long[] text, int prompt, int limit, int count);

  @Override
  default void close() {}
}
