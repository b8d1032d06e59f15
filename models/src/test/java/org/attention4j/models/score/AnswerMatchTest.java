package org.attention4j.models.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import org.attention4j.error.UsageException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Exact match and F1 of answers, as SQuAD counts them; expected values counted by hand. */
class AnswerMatchTest {
  private static AnswerMatch of(String wanted, String found) {
    List<String> right = Arrays.stream(wanted.split("\\|")).filter(w -> !w.isEmpty()).toList();
    return AnswerMatch.of(List.of(right), List.of(found));
  }

  @ParameterizedTest
  @CsvSource({
    "Denver Broncos, the denver broncos!, 1, 1",
    "Denver Broncos, Broncos, 0, 0.6666666666666666",
    "Denver Broncos|Broncos, Broncos, 1, 1", // the nearest of several
    "Rome, Paris, 0, 0",
    "one one two, one two two, 0, 0.6666666666666666", // words count as often as they stand there
    "anthem, the anthem, 1, 1", // an article, but not within a word
    "U.S., us, 1, 1",
    "'', '', 1, 1", // rightly none
    "'', Rome, 0, 0",
    "Rome, '', 0, 0",
    "'\u00c9tat', '\u00e9tat', 1, 1"
  })
  void answersAreComparedAsSquadDoes(String wanted, String found, double exact, double f1) {
    AnswerMatch match = of(wanted, found);
    assertEquals(exact, match.exact());
    assertEquals(f1, match.f1(), 1e-12);
  }

  @Test
  void sharesAreMeansOverAllQuestions() {
    AnswerMatch match = AnswerMatch.of(List.of(List.of("a b"), List.of("c")), List.of("b", "d"));
    assertEquals(0.5, match.exact(), "'a' is an article");
    assertEquals(0.5, match.f1());
    assertEquals(2, match.answers());
  }

  @Test
  void everyQuestionNeedsAnAnswer() {
    assertThrows(UsageException.class, () -> AnswerMatch.of(List.of(List.of("a")), List.of()));
  }
}
