package org.attention4j.generate;

import java.util.List;
import java.util.OptionalDouble;

/**
 * What was generated.
 *
 * @param prompt tokens that were given
 * @param tokens tokens that were drawn
 * @param end why there are no more
 * @param score of a beam, higher is better; of a drawn text, if {@link GenerationOptions#scored}
 *     asks for it, the mean of {@link TokenSampler#logProbability} over its tokens
 */
public record Generation(List<Long> prompt, List<Long> tokens, End end, OptionalDouble score) {

  /** Why a generation ended. */
  public enum End {
    /** As many tokens as were asked for. */
    LENGTH,
    /** A stop token was drawn; it is the last one. */
    STOP_TOKEN,
    /** The stop rule said so. */
    STOP_RULE,
    /** The context is full. */
    CONTEXT,
    /** The listener had enough. */
    LISTENER
  }

  public Generation {
    prompt = List.copyOf(prompt);
    tokens = List.copyOf(tokens);
  }

  /** The drawn tokens as a tokenizer takes them. */
  public long[] ids() {
    return tokens.stream().mapToLong(Long::longValue).toArray();
  }
}
