package org.attention4j.generate;

import java.util.Arrays;
import org.attention4j.error.UsageException;

/**
 * How a transcript's tokens of times come (Radford et al. 2022, sections 2.3 and 4.5): the first
 * one begins the text, later ones close a piece of speech and open the next, so that they stand in
 * pairs, or alone before the end; times do not go back; and a time comes where all times together
 * are likelier than every other token.
 *
 * @param first token of the time 0; all tokens from it on are times
 * @param end token that ends a text; those before it are text
 * @param latest greatest index of the first time; negative for any
 */
public record TimeStamps(long first, long end, long latest) {
  private static final double NO = Double.NEGATIVE_INFINITY;

  public TimeStamps {
    if (end < 0 || first <= end) {
      throw new UsageException(
          "tokens of times come after the token that ends a text: " + first + " and " + end);
    }
  }

  /** Whether a token is a time. */
  public boolean is(long token) {
    return token >= first;
  }

  /** Forbids what may not follow, in place. */
  void apply(double[] scores, long[] tokens, int prompt) {
    if (first >= scores.length) {
      throw new UsageException(
          "token " + first + " is outside the vocabulary of " + scores.length + ": no time stamps");
    }
    int begin = (int) first;
    scores[begin - 1] = NO; // that no times are wanted
    int drawn = tokens.length - prompt;
    boolean last = drawn >= 1 && is(tokens[tokens.length - 1]);
    boolean before = drawn < 2 || is(tokens[tokens.length - 2]);
    if (last && before) {
      Arrays.fill(scores, begin, scores.length, NO);
    } else if (last) {
      Arrays.fill(scores, 0, (int) end, NO);
    }
    long newest = newest(tokens, prompt);
    if (newest >= 0) {
      long least = last && !before ? newest : newest + 1;
      Arrays.fill(scores, begin, (int) Math.min(scores.length, least), NO);
    }
    if (drawn == 0) {
      Arrays.fill(scores, 0, begin, NO);
      if (latest >= 0 && latest < scores.length - first) {
        Arrays.fill(scores, (int) (first + latest + 1), scores.length, NO);
      }
    }
    preferTimes(scores, begin);
  }

  private long newest(long[] tokens, int prompt) {
    for (int i = tokens.length - 1; i >= prompt; i--) {
      if (is(tokens[i])) {
        return tokens[i];
      }
    }
    return -1;
  }

  private static void preferTimes(double[] scores, int begin) {
    double text = NO;
    double most = NO;
    for (int i = 0; i < scores.length; i++) {
      most = Math.max(most, scores[i]);
      text = i < begin ? most : text;
    }
    double times = 0;
    for (int i = begin; i < scores.length && most > NO; i++) {
      times += Math.exp(scores[i] - most);
    }
    if (times > Math.exp(text - most)) {
      Arrays.fill(scores, 0, begin, NO);
    }
  }
}
