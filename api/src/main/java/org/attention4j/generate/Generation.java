package org.attention4j.generate;

import java.util.List;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * What was generated.
 *
 * @param prompt tokens that were given
 * @param tokens tokens that were drawn
 * @param end why there are no more
 * @param score of a beam, higher is better; of a drawn text, if {@link GenerationOptions#scored}
 *     asks for it, the mean of {@link TokenSampler#logProbability} over its tokens
 * @param drafted how a draft fared; null if there was none
 */
public record Generation(
    List<Long> prompt,
    List<Long> tokens,
    End end,
    OptionalDouble score,
    @Nullable Drafted drafted) {

  /** Why a generation ended. */
  public enum End {
    /** As many tokens as were asked for. */
    LENGTH,
    /** A stop token was drawn; it is the last one. */
    STOP_TOKEN,
    /** The stop rule said so. */
    STOP_RULE,
    /** The text is a whole one of its language, and nothing can follow. */
    WHOLE,
    /** The context is full. */
    CONTEXT,
    /** The listener had enough. */
    LISTENER
  }

  /**
   * How a draft fared.
   *
   * @param proposed tokens that were guessed and checked
   * @param accepted those of them that are in the text
   * @param passes of the model, the prompt's counted in
   */
  public record Drafted(int proposed, int accepted, int passes) {
    /** How many of the guesses were taken, from 0 to 1. */
    public double share() {
      return proposed == 0 ? 0 : (double) accepted / proposed;
    }
  }

  /** A text without a draft. */
  public Generation(List<Long> prompt, List<Long> tokens, End end, OptionalDouble score) {
    this(prompt, tokens, end, score, null);
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
