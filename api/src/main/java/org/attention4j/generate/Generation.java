package org.attention4j.generate;

import java.util.List;

/**
 * What was generated.
 *
 * @param prompt tokens that were given
 * @param tokens tokens that were drawn
 * @param end why there are no more
 */
public record Generation(List<Long> prompt, List<Long> tokens, End end) {

  /** Why a generation ended. */
  public enum End {
    /** As many tokens as were asked for. */
    LENGTH,
    /** A stop token was drawn; it is the last one. */
    STOP_TOKEN,
    /** The context is full. */
    CONTEXT,
    /** The listener had enough. */
    LISTENER
  }

  public Generation {
    prompt = List.copyOf(prompt);
    tokens = List.copyOf(tokens);
  }
}
