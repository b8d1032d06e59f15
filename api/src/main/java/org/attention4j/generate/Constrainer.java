package org.attention4j.generate;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.attention4j.error.UsageException;

/** Applies {@link Constraints} to the scores of one text's next token, in place. */
record Constrainer(Constraints rules, Set<Long> stopTokens) {
  private static final double NO = Double.NEGATIVE_INFINITY;

  /**
   * Changes the scores.
   *
   * @param tokens prompt and new tokens
   * @param prompt how many of them are the prompt's
   * @param limit new tokens at most
   */
  void apply(double[] scores, long[] tokens, int prompt, int limit) {
    int drawn = tokens.length - prompt;
    if (rules.repetitionPenalty() != 1) {
      penalise(scores, tokens);
    }
    if (rules.noRepeatNgram() > 0) {
      forbidRepeated(scores, tokens);
    }
    rules.forbidden().forEach(sequence -> forbid(scores, tokens, sequence));
    if (drawn < rules.minNewTokens()) {
      forbid(scores, stopTokens);
    }
    if (tokens.length == 1) {
      force(scores, rules.first());
    }
    if (drawn == limit - 1) {
      force(scores, rules.last());
    }
    forbid(scores, rules.never());
    boolean firstIsForced = prompt == 1 && rules.first().isPresent();
    if (drawn == (firstIsForced ? 1 : 0)) {
      forbid(scores, rules.notFirst());
    }
    TimeStamps stamps = rules.stamps();
    if (stamps != null) {
      stamps.apply(scores, tokens, prompt);
    }
    Language language = rules.language();
    if (language != null) {
      language.restrict(scores, tokens, prompt, limit - drawn, stopTokens);
    }
  }

  private void penalise(double[] scores, long[] tokens) {
    for (long token : Arrays.stream(tokens).distinct().toArray()) {
      int i = index(token, scores);
      double penalty = rules.repetitionPenalty();
      scores[i] = scores[i] > 0 ? scores[i] / penalty : scores[i] * penalty;
    }
  }

  /** Forbids what followed each earlier occurrence of the text's last n - 1 tokens. */
  private void forbidRepeated(double[] scores, long[] tokens) {
    int before = rules.noRepeatNgram() - 1;
    int last = tokens.length - before;
    for (int start = 0; start < last; start++) {
      if (Arrays.equals(tokens, start, start + before, tokens, last, tokens.length)) {
        scores[index(tokens[start + before], scores)] = NO;
      }
    }
  }

  /** Forbids the last token of a sequence if the text ends with the others. */
  private void forbid(double[] scores, long[] tokens, List<Long> sequence) {
    int before = sequence.size() - 1;
    long last = sequence.get(before);
    if (before > tokens.length || (before == 0 && stopTokens.contains(last))) {
      return;
    }
    for (int i = 0; i < before; i++) {
      if (tokens[tokens.length - before + i] != sequence.get(i)) {
        return;
      }
    }
    scores[index(last, scores)] = NO;
  }

  private static void forbid(double[] scores, Set<Long> tokens) {
    for (long token : tokens) {
      if (token >= 0 && token < scores.length) {
        scores[(int) token] = NO;
      }
    }
  }

  private static void force(double[] scores, OptionalLong token) {
    if (token.isPresent()) {
      Arrays.fill(scores, NO);
      scores[index(token.getAsLong(), scores)] = 0;
    }
  }

  private static int index(long token, double[] scores) {
    if (token < 0 || token >= scores.length) {
      throw new UsageException("token " + token + " is outside the vocabulary of " + scores.length);
    }
    return (int) token;
  }
}
