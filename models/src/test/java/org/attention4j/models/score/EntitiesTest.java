package org.attention4j.models.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.attention4j.error.UsageException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What counts as an entity, and which of them as found; expected values counted by hand. */
class EntitiesTest {
  private static Entities of(String wanted, String found) {
    return Entities.of(List.of(List.of(wanted.split(" "))), List.of(List.of(found.split(" "))));
  }

  /** Right, found, there. */
  @ParameterizedTest
  @CsvSource({
    "O B-PER I-PER O B-LOC, O B-PER I-PER O B-LOC, 2, 2, 2",
    "O B-PER I-PER O B-LOC, O B-PER O O B-LOC, 1, 2, 2", // cut short
    "B-PER B-PER, B-PER I-PER, 0, 1, 2", // two neighbours are not one
    "B-PER I-PER, B-LOC I-LOC, 0, 1, 1", // of another kind
    "B-PER I-PER, I-PER I-PER, 1, 1, 1", // I- may begin
    "B-PER O, B-PER I-LOC, 1, 2, 1", // another kind begins another one
    "O O O, O B-PER O, 0, 1, 0",
    "O O, O O, 0, 0, 0",
    "S-PER E-PER B-LOC E-LOC, S-PER S-PER B-LOC I-LOC, 3, 3, 3",
    "NOUN VERB VERB, NOUN VERB NOUN, 1, 3, 2", // without prefixes, neighbours of one label are one
    "B-a-b I-a-b, B-a-b I-a-c, 0, 2, 1" // kinds have hyphens
  })
  void entitiesCountWhole(String wanted, String found, long right, long given, long there) {
    assertEquals(new Entities.Count(right, given, there), of(wanted, found).all());
  }

  @Test
  void sharesAreOfAllSentencesAndOfEachKind() {
    Entities entities =
        Entities.of(
            List.of(List.of("B-PER", "I-PER", "O"), List.of("B-LOC"), List.of("B-PER")),
            List.of(List.of("B-PER", "I-PER", "B-LOC"), List.of("B-LOC"), List.of("O")));
    assertEquals(2.0 / 3, entities.all().precision());
    assertEquals(2.0 / 3, entities.all().recall());
    assertEquals(2.0 / 3, entities.all().f1());
    assertEquals(3.0 / 5, entities.accuracy());
    assertEquals(new Entities.Count(1, 2, 1), entities.kinds().get("LOC"));
    assertEquals(new Entities.Count(1, 1, 2), entities.kinds().get("PER"));
    assertEquals(List.of("LOC", "PER"), List.copyOf(entities.kinds().keySet()));
  }

  /** An entity does not go on in the next sentence. */
  @Test
  void sentencesStandAlone() {
    Entities entities =
        Entities.of(
            List.of(List.of("B-PER"), List.of("I-PER")),
            List.of(List.of("B-PER"), List.of("I-PER")));
    assertEquals(new Entities.Count(2, 2, 2), entities.all());
  }

  @Test
  void sentencesOfDifferentLengthsAreRefused() {
    assertThrows(UsageException.class, () -> of("O O", "O"));
  }
}
