package org.attention4j.models.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.attention4j.models.data.SpanishSentences;
import org.attention4j.models.directory.ModelDirectory;
import org.attention4j.models.family.Gpt;
import org.attention4j.models.store.JsonFile;
import org.attention4j.models.token.CharTokenizer;
import org.attention4j.models.token.Tokenizer;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Engines;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The code of docs/generation.md is compiled, runs, and is what the page shows. */
class GenerationPageTest {
  private static final String JSON = " {}\":,-0123456789"; // what JSON's texts need beside words

  @TempDir Path directory;

  @Test
  void theExamplesRun() throws IOException {
    Engine engine = Engines.get("reference");
    try (Tokenizer tokenizer = CharTokenizer.of(SpanishSentences.text(50, 1) + JSON, false)) {
      Gpt model = Gpt.nano(tokenizer.size(), 64, 16, 2, 1, 0);
      Weights weights = Parameters.init(Program.of(model.trainable()), 1);
      new ModelDirectory(directory, model, weights, tokenizer).save();
      Files.writeString(
          directory.resolve("chat_template.jinja"),
          "{% for m in messages %}{{ m.content }} {% endfor %}");
      ByteArrayOutputStream streamed = new ByteArrayOutputStream();
      PrintStream screen = System.out;
      System.setOut(new PrintStream(streamed, true, StandardCharsets.UTF_8));
      try {
        String text = GenerationExamples.one(directory, engine);
        assertEquals(20, text.length());
        assertEquals(text, streamed.toString(StandardCharsets.UTF_8));
      } finally {
        System.setOut(screen);
      }
      assertEquals(4, GenerationExamples.batch(directory, engine, List.of("el gato", "un")).size());
      assertEquals(20, GenerationExamples.chat(directory, engine).length());
      assertEquals(20, GenerationExamples.tools(directory, engine).length());
      JsonNode cat = JsonFile.parse(GenerationExamples.json(directory, engine));
      assertTrue(cat.path("name").isTextual() && cat.path("age").isInt(), cat.toString());
      double share = GenerationExamples.drafted(directory, directory, engine);
      assertTrue(share > 0 && share <= 1, "accepted " + share);
      List<long[]> prompts = List.of(tokenizer.encode("el gato"), tokenizer.encode("un"));
      assertEquals(
          20,
          GenerationExamples.tokens(engine, Program.of(model), weights, prompts)
              .get(1)
              .tokens()
              .size());
    }
  }

  @Test
  void thePageShowsTheCompiledCode() throws IOException {
    PageExamples.assertShown("generation.md", GenerationExamples.class, 7);
  }
}
