package org.attention4j.models.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.attention4j.error.UsageException;
import org.attention4j.models.store.JsonFile;
import org.junit.jupiter.api.Test;

/** BLEU is what sacrebleu says; recorded by fixtures/finetune.py. */
class BleuTest {
  private static final Path RECORDED = Path.of("src/test/resources/finetune/bleu.json");

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(text -> texts.add(text.asText()));
    return texts;
  }

  @Test
  void scoresAreThoseOfSacrebleu() {
    JsonNode rows = JsonFile.read(RECORDED).path("rows");
    assertTrue(rows.size() >= 8);
    for (JsonNode row : rows) {
      String name = row.path("name").asText();
      Bleu bleu = Bleu.of(texts(row.path("texts")), texts(row.path("references")));
      assertEquals(row.path("words").asLong(), bleu.words(), name);
      assertEquals(row.path("reference_words").asLong(), bleu.referenceWords(), name);
      assertEquals(row.path("brevity").asDouble(), bleu.brevity(), 1e-12, name);
      if (row.path("score").asDouble() > 0) {
        for (int n = 0; n < 4; n++) {
          double expected = row.path("precisions").path(n).asDouble();
          assertEquals(expected, bleu.precisions().get(n), 1e-9, name + ", order " + (n + 1));
        }
      }
      assertEquals(row.path("score").asDouble(), bleu.score(), 1e-9, name);
    }
  }

  @Test
  void oneReferenceForEachText() {
    assertThrows(UsageException.class, () -> Bleu.of(List.of("a"), List.of()));
    assertEquals(0, Bleu.of(List.of(), List.of()).score());
  }
}
