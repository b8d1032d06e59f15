package org.attention4j.generate;

import java.util.Set;
import org.attention4j.error.UsageException;

/**
 * When generation ends and how tokens are drawn.
 *
 * @param maxNewTokens tokens drawn at most
 * @param stopTokens tokens that end the text; the one drawn is part of it
 * @param context longest sequence that the model takes
 * @param whenFull what happens when the sequence is that long
 * @param sampling how tokens are drawn
 * @param cached whether the KV cache is used; without it every step runs the whole sequence
 */
public record GenerationOptions(
    int maxNewTokens,
    Set<Long> stopTokens,
    int context,
    WhenFull whenFull,
    Sampling sampling,
    boolean cached) {

  /** What happens when the context is full. */
  public enum WhenFull {
    /** The text ends. */
    STOP,
    /** Every further token is drawn from the last {@code context} tokens, without a cache. */
    SLIDE
  }

  public GenerationOptions {
    stopTokens = Set.copyOf(stopTokens);
    if (maxNewTokens < 0) {
      throw new UsageException("the number of new tokens is 0 or more, not " + maxNewTokens);
    }
    if (context < 1) {
      throw new UsageException("the context is at least 1 token, not " + context);
    }
  }

  /** No stop tokens, ends when the context is full, with a cache. */
  public static GenerationOptions of(int maxNewTokens, int context, Sampling sampling) {
    return new GenerationOptions(maxNewTokens, Set.of(), context, WhenFull.STOP, sampling, true);
  }

  public GenerationOptions stoppingAt(Set<Long> tokens) {
    return new GenerationOptions(maxNewTokens, tokens, context, whenFull, sampling, cached);
  }

  public GenerationOptions sliding() {
    return new GenerationOptions(
        maxNewTokens, stopTokens, context, WhenFull.SLIDE, sampling, cached);
  }

  public GenerationOptions withoutCache() {
    return new GenerationOptions(maxNewTokens, stopTokens, context, whenFull, sampling, false);
  }
}
