package org.attention4j.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.attention4j.error.UsageException;
import org.junit.jupiter.api.Test;

/** Constraints change the scores of the tokens that they are about, and no others. */
final class ConstrainerTest {
  private static final double NO = Double.NEGATIVE_INFINITY;
  private static final Constraints NONE = Constraints.none();

  /** Scores of 5 tokens, token 4 ending the text, after some tokens of which two are the prompt. */
  private static double[] after(Constraints rules, double[] scores, long... tokens) {
    new Constrainer(rules, Set.of(4L)).apply(scores, tokens, Math.min(2, tokens.length), 4);
    return scores;
  }

  private static double[] zerosAfter(Constraints rules, long... tokens) {
    return after(rules, new double[5], tokens);
  }

  @Test
  void thePenaltyLowersPositiveAndNegativeScoresOfSeenTokensOnce() {
    double[] scores = after(NONE.penalising(2), new double[] {2, -1, 0.5, 3, 1}, 0, 0, 1);
    assertArrayEquals(new double[] {1, -2, 0.5, 3, 1}, scores);
    assertThrows(UsageException.class, () -> zerosAfter(NONE.penalising(2), 7));
  }

  @Test
  void nothingThatFollowedTheSameTokensMayFollowThemAgain() {
    Constraints trigrams = NONE.withoutRepeated(3);
    assertArrayEquals(new double[] {0, 0, 0, NO, 0}, zerosAfter(trigrams, 1, 2, 3, 1, 2));
    assertArrayEquals(new double[5], zerosAfter(trigrams, 1, 2, 3, 2, 1));
    assertArrayEquals(new double[5], zerosAfter(trigrams, 1));
    assertArrayEquals(new double[] {0, NO, 0, NO, 0}, zerosAfter(NONE.withoutRepeated(1), 1, 3, 3));
  }

  @Test
  void aForbiddenSequenceIsCutShortAtItsLastToken() {
    Constraints rules = NONE.forbidding(List.of(List.of(1L, 2L), List.of(3L), List.of(4L)));
    assertArrayEquals(new double[] {0, 0, NO, NO, 0}, zerosAfter(rules, 0, 1));
    assertArrayEquals(new double[] {0, 0, 0, NO, 0}, zerosAfter(rules, 1, 0));
  }

  @Test
  void stopTokensWaitForTheLeastNumberOfNewTokens() {
    assertArrayEquals(new double[] {0, 0, 0, 0, NO}, zerosAfter(NONE.withAtLeast(2), 0, 0, 1));
    assertArrayEquals(new double[5], zerosAfter(NONE.withAtLeast(2), 0, 0, 1, 2));
  }

  @Test
  void theFirstAndTheLastTokenMayBeFixed() {
    Constraints rules = NONE.withFirst(OptionalLong.of(3)).withLast(OptionalLong.of(4));
    assertArrayEquals(
        new double[] {NO, NO, NO, 0, NO}, after(rules, new double[] {1, 2, 3, 4, 5}, 0));
    assertArrayEquals(new double[5], zerosAfter(rules, 0, 0));
    assertArrayEquals(new double[] {NO, NO, NO, NO, 0}, zerosAfter(rules, 0, 0, 1, 1, 1));
  }

  @Test
  void tokensAreSuppressedAlwaysOrAtTheBeginning() {
    Constraints rules = NONE.suppressing(Set.of(1L), Set.of(2L));
    assertArrayEquals(new double[] {0, NO, NO, 0, 0}, zerosAfter(rules, 0, 0));
    assertArrayEquals(new double[] {0, NO, 0, 0, 0}, zerosAfter(rules, 0, 0, 3));
    Constraints later = rules.withFirst(OptionalLong.of(3));
    assertArrayEquals(new double[] {NO, NO, NO, 0, NO}, zerosAfter(later, 0));
  }

  @Test
  void rulesOutOfRangeAreRefused() {
    assertThrows(UsageException.class, () -> NONE.penalising(0));
    assertThrows(UsageException.class, () -> NONE.withoutRepeated(-1));
    assertThrows(UsageException.class, () -> NONE.withAtLeast(-1));
    assertThrows(UsageException.class, () -> NONE.forbidding(List.of(List.of())));
  }
}
