package org.attention4j.generate;

import org.attention4j.error.UsageException;

/**
 * Several texts are kept side by side, and the best of them are told at the end. A text's score is
 * the sum of its new tokens' log-probabilities divided by their number to the power of the length
 * penalty.
 *
 * @param count how many texts are kept; 1 for no search
 * @param lengthPenalty above 0 favours long texts, below 0 short ones
 * @param end when the search ends before the longest text is reached
 * @param renormalised whether the probabilities add up to 1 again once constraints have taken
 *     tokens away
 */
public record Beams(int count, double lengthPenalty, End end, boolean renormalised) {

  /** When the search ends, once as many texts have ended as there are beams. */
  public enum End {
    /** When the best open text, scored at its present length, is no better than the worst ended. */
    UNLIKELY_BETTER,
    /** At once. */
    FULL,
    /** When no open text can become better than the worst ended one. */
    NEVER_BETTER
  }

  public Beams {
    if (count < 1) {
      throw new UsageException("there is at least 1 beam, not " + count);
    }
    if (!Double.isFinite(lengthPenalty)) {
      throw new UsageException("the length penalty is a number, not " + lengthPenalty);
    }
  }

  /** Without adding up to 1 again. */
  public Beams(int count, double lengthPenalty, End end) {
    this(count, lengthPenalty, end, false);
  }

  /** One text at a time. */
  public static Beams none() {
    return of(1);
  }

  /** So many beams, length penalty 1. */
  public static Beams of(int count) {
    return new Beams(count, 1, End.UNLIKELY_BETTER);
  }

  public Beams withLengthPenalty(double penalty) {
    return new Beams(count, penalty, end, renormalised);
  }

  public Beams ending(End when) {
    return new Beams(count, lengthPenalty, when, renormalised);
  }

  public Beams renormalised(boolean again) {
    return new Beams(count, lengthPenalty, end, again);
  }
}
