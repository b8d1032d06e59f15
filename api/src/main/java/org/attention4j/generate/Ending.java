package org.attention4j.generate;

import java.util.Set;
import org.attention4j.error.UsageException;

/**
 * When a text ends.
 *
 * @param maxNewTokens tokens drawn at most
 * @param stopTokens tokens that end the text; the one drawn is part of it
 * @param rule what else ends it
 * @param context longest sequence that the model takes
 * @param whenFull what happens when the sequence is that long
 */
public record Ending(
    int maxNewTokens, Set<Long> stopTokens, StopRule rule, int context, WhenFull whenFull) {

  /** What happens when the context is full. */
  public enum WhenFull {
    /** The text ends. */
    STOP,
    /** Every further token is drawn from the last {@code context} tokens, without a cache. */
    SLIDE
  }

  public Ending {
    stopTokens = Set.copyOf(stopTokens);
    if (maxNewTokens < 0) {
      throw new UsageException("the number of new tokens is 0 or more, not " + maxNewTokens);
    }
    if (context < 1) {
      throw new UsageException("the context is at least 1 token, not " + context);
    }
  }

  /** No stop tokens, ends when the context is full. */
  public static Ending after(int maxNewTokens, int context) {
    return new Ending(maxNewTokens, Set.of(), StopRule.never(), context, WhenFull.STOP);
  }

  public Ending after(int newTokens) {
    return new Ending(newTokens, stopTokens, rule, context, whenFull);
  }

  public Ending at(Set<Long> tokens) {
    return new Ending(maxNewTokens, tokens, rule, context, whenFull);
  }

  public Ending when(StopRule holds) {
    return new Ending(maxNewTokens, stopTokens, holds, context, whenFull);
  }

  public Ending whenFull(WhenFull then) {
    return new Ending(maxNewTokens, stopTokens, rule, context, then);
  }

  /** New tokens at most after a prompt. */
  int limit(int promptLength) {
    return whenFull == WhenFull.SLIDE
        ? maxNewTokens
        : Math.min(maxNewTokens, context - promptLength + 1); // the last token is never fed
  }

  /** Refuses a prompt that cannot be continued. */
  void check(long[] prompt) {
    if (prompt.length == 0) {
      throw new UsageException("generation needs a prompt of at least one token");
    }
    if (prompt.length > context && whenFull == WhenFull.STOP) {
      throw new UsageException(
          "the prompt of " + prompt.length + " tokens is longer than the context of " + context);
    }
  }
}
