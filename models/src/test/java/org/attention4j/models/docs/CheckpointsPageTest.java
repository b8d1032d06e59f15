package org.attention4j.models.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The code of docs/using-checkpoints.md is compiled, runs, and is what the page shows. */
class CheckpointsPageTest {
  private static final Path FOLDER = Path.of("src/test/resources/texts");

  @Test
  void theExamplesRun() {
    List<String> texts = List.of("The cat sleeps.", "A dog!");
    Path encoder = FOLDER.resolve("sentence_encoder");
    assertEquals(1, CheckpointExamples.alike(encoder, "A dog!", "a DOG! "), 1e-6);
    assertTrue(texts.contains(CheckpointExamples.best(FOLDER.resolve("reranker"), "cat?", texts)));
    assertEquals("bad", CheckpointExamples.label(FOLDER.resolve("classifier"), texts.get(0)));
    assertEquals(5, CheckpointExamples.names(FOLDER.resolve("tagger"), texts.get(0)).size());
    assertFalse(CheckpointExamples.guess(FOLDER.resolve("masked")).isEmpty());
    String text = String.join(" ", texts);
    assertTrue(text.contains(CheckpointExamples.answer(FOLDER.resolve("answers"), "Who?", text)));
    Path t5 = FOLDER.resolve("t5");
    assertEquals(2, CheckpointExamples.translate(t5, texts).size());
    assertEquals(6, CheckpointExamples.three(t5, texts).size());
  }

  @Test
  void thePageShowsTheCompiledCode() throws IOException {
    PageExamples.assertShown("using-checkpoints.md", CheckpointExamples.class, 8);
  }
}
