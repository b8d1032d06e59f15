package org.attention4j.models.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.attention4j.error.EngineException;
import org.attention4j.models.data.SpanishSentences;
import org.attention4j.models.directory.ModelDirectory;
import org.attention4j.models.family.Gpt;
import org.attention4j.models.token.CharTokenizer;
import org.attention4j.models.token.Tokenizer;
import org.attention4j.spi.Engines;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The code of docs/swap-the-engine.md is compiled, runs, and is what the page shows. */
class SwapTheEngineTest {
  @TempDir Path directory;

  @Test
  void theSameApplicationWritesTheSameTextOnEveryEngine() {
    Gpt model;
    try (Tokenizer tokenizer = CharTokenizer.of(SpanishSentences.text(50, 1), false)) {
      model = Gpt.nano(tokenizer.size(), 16, 16, 2, 1, 0);
      new ModelDirectory(
              directory, model, Parameters.init(Program.of(model.trainable()), 1), tokenizer)
          .save();
    }
    Map<String, String> texts = new HashMap<>();
    for (String engine : Engines.names()) {
      try (TextService service = new TextService(directory, engine)) {
        texts.put(engine, service.complete("el gato", 20));
        assertTrue(service.engine().startsWith(engine), service.engine());
      }
    }
    assertTrue(texts.containsKey("reference"));
    assertEquals(1, Set.copyOf(texts.values()).size(), texts.toString());
    assertThrows(EngineException.class, () -> new TextService(directory, "mlx").close());
  }

  @Test
  void thePageShowsTheCompiledCode() throws IOException {
    PageExamples.assertShown("swap-the-engine.md", TextService.class, 1);
  }
}
