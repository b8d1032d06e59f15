package org.attention4j.generate;

import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.attention4j.error.UsageException;
import org.jspecify.annotations.Nullable;

/**
 * What may not be said, however tokens are chosen: applied to the logits of a greedy or random
 * draw, and to the log-probabilities of a beam, in the order of the components.
 *
 * @param repetitionPenalty divides positive scores of tokens that are in the text and multiplies
 *     negative ones (Keskar et al. 2019); 1 for none
 * @param noRepeatNgram no sequence of so many tokens comes twice, the prompt counted in; 0 for none
 * @param forbidden sequences of tokens that may not come
 * @param minNewTokens no stop token before so many others
 * @param first the only token that may follow a prompt of one token, as encoder-decoders want it
 *     for the target language
 * @param last the only token at the end of the longest text
 * @param never tokens that may not come
 * @param notFirst tokens that may not come first
 * @param stamps how tokens of times come in a transcript; null where there are none
 * @param language what the new text must be, such as JSON of a schema; null for any text
 */
public record Constraints(
    double repetitionPenalty,
    int noRepeatNgram,
    List<List<Long>> forbidden,
    int minNewTokens,
    OptionalLong first,
    OptionalLong last,
    Set<Long> never,
    Set<Long> notFirst,
    @Nullable TimeStamps stamps,
    @Nullable Language language) {
  public Constraints {
    forbidden = forbidden.stream().map(List::copyOf).toList();
    never = Set.copyOf(never);
    notFirst = Set.copyOf(notFirst);
    if (!(repetitionPenalty > 0)) {
      throw new UsageException("repetition penalty is positive, not " + repetitionPenalty);
    }
    if (noRepeatNgram < 0) {
      throw new UsageException("the n-gram that may not repeat is 0 or more, not " + noRepeatNgram);
    }
    if (minNewTokens < 0) {
      throw new UsageException("the least number of new tokens is 0 or more, not " + minNewTokens);
    }
    if (forbidden.stream().anyMatch(List::isEmpty)) {
      throw new UsageException("a forbidden sequence has at least one token");
    }
  }

  /** None. */
  public static Constraints none() {
    return new Constraints(
        1,
        0,
        List.of(),
        0,
        OptionalLong.empty(),
        OptionalLong.empty(),
        Set.of(),
        Set.of(),
        null,
        null);
  }

  public Constraints penalising(double penalty) {
    return new Constraints(
        penalty,
        noRepeatNgram,
        forbidden,
        minNewTokens,
        first,
        last,
        never,
        notFirst,
        stamps,
        language);
  }

  public Constraints withoutRepeated(int ngram) {
    return new Constraints(
        repetitionPenalty,
        ngram,
        forbidden,
        minNewTokens,
        first,
        last,
        never,
        notFirst,
        stamps,
        language);
  }

  public Constraints forbidding(List<List<Long>> sequences) {
    return new Constraints(
        repetitionPenalty,
        noRepeatNgram,
        sequences,
        minNewTokens,
        first,
        last,
        never,
        notFirst,
        stamps,
        language);
  }

  public Constraints withAtLeast(int newTokens) {
    return new Constraints(
        repetitionPenalty,
        noRepeatNgram,
        forbidden,
        newTokens,
        first,
        last,
        never,
        notFirst,
        stamps,
        language);
  }

  public Constraints withFirst(OptionalLong token) {
    return new Constraints(
        repetitionPenalty,
        noRepeatNgram,
        forbidden,
        minNewTokens,
        token,
        last,
        never,
        notFirst,
        stamps,
        language);
  }

  public Constraints withLast(OptionalLong token) {
    return new Constraints(
        repetitionPenalty,
        noRepeatNgram,
        forbidden,
        minNewTokens,
        first,
        token,
        never,
        notFirst,
        stamps,
        language);
  }

  public Constraints suppressing(Set<Long> always, Set<Long> atTheBeginning) {
    return new Constraints(
        repetitionPenalty,
        noRepeatNgram,
        forbidden,
        minNewTokens,
        first,
        last,
        always,
        atTheBeginning,
        stamps,
        language);
  }

  public Constraints stamping(TimeStamps rules) {
    return new Constraints(
        repetitionPenalty,
        noRepeatNgram,
        forbidden,
        minNewTokens,
        first,
        last,
        never,
        notFirst,
        rules,
        language);
  }

  /** Only texts of a language. */
  public Constraints within(Language texts) {
    return new Constraints(
        repetitionPenalty,
        noRepeatNgram,
        forbidden,
        minNewTokens,
        first,
        last,
        never,
        notFirst,
        stamps,
        texts);
  }
}
