package org.attention4j.models.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.attention4j.generate.Generation;
import org.attention4j.generate.GenerationOptions;
import org.attention4j.generate.Generator;
import org.attention4j.models.directory.ModelDirectory;
import org.attention4j.models.store.JsonFile;
import org.attention4j.spi.Engines;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Generation gives what transformers' {@code generate} gives: the same tokens and scores for greedy
 * and beam search, batches with padding on the left, and constraints. The answers come from
 * src/test/fixtures/generation.py.
 */
class KnownAnswersTest {
  private static final Path FOLDER = Path.of("src/test/resources/generation");
  private static final int CONTEXT = 48;
  private static final double CLOSE = 2e-5; // their scores were computed and summed in float32

  @SuppressWarnings("NullAway.Init") // opened before the tests
  private static Session reference;

  @BeforeAll
  static void open() {
    reference = open("reference");
  }

  @AfterAll
  static void close() {
    reference.close();
  }

  private static Session open(String engine) {
    ModelDirectory directory = ModelDirectory.open(FOLDER.resolve("gpt2"));
    return Engines.get(engine)
        .open(
            Generator.batched(directory.program()), directory.weights(), SessionOptions.defaults());
  }

  /** A prompt batch, how to continue it, and the answers. */
  record Answer(String name, JsonNode json) {
    @Override
    public String toString() {
      return name;
    }

    List<long[]> prompts() {
      List<long[]> prompts = new ArrayList<>();
      json.path("prompts").forEach(row -> prompts.add(ids(row)));
      return prompts;
    }

    GenerationOptions options() {
      int longest = prompts().stream().mapToInt(p -> p.length).max().orElse(0);
      return GenerationConfig.of(FOLDER, (ObjectNode) json.path("options"))
          .options(CONTEXT, longest, 0);
    }

    void check(List<Generation> got) {
      assertEquals(json.path("texts").size(), got.size());
      for (int i = 0; i < got.size(); i++) {
        assertEquals(
            json.path("texts").path(i).toString(),
            got.get(i).tokens().toString().replace(" ", ""),
            "text " + i);
        if (json.path("scores").has(i)) {
          double score = got.get(i).score().orElseThrow();
          double expected = json.path("scores").path(i).asDouble();
          assertEquals(expected, score, CLOSE * Math.max(1, Math.abs(expected)), "text " + i);
        }
      }
    }
  }

  private static long[] ids(JsonNode row) {
    long[] ids = new long[row.size()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = row.path(i).asLong();
    }
    return ids;
  }

  static Stream<Answer> answers() {
    List<Answer> answers = new ArrayList<>();
    JsonFile.read(FOLDER.resolve("answers.json"))
        .path("cases")
        .forEach(json -> answers.add(new Answer(json.path("name").asText(), json)));
    return answers.stream();
  }

  @ParameterizedTest
  @MethodSource("answers")
  void theReferenceGivesTheSameTexts(Answer answer) {
    Generator generator = Generator.decoder(reference);
    answer.check(generator.generateAll(answer.prompts(), answer.options()));
  }

  /** All but those with two and four beams. */
  static Stream<Answer> someAnswers() {
    return answers().filter(answer -> !answer.name().matches("[24] beams.*"));
  }

  @ParameterizedTest
  @MethodSource("someAnswers")
  void withoutCacheTheTextsAreTheSame(Answer answer) {
    Generator generator = Generator.decoder(reference);
    answer.check(generator.generateAll(answer.prompts(), answer.options().withoutCache()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"djl", "onnx", "native"})
  void everyEngineGivesTheSameTexts(String engine) {
    assumeTrue(Engines.names().contains(engine), "engine " + engine + " cannot run here");
    try (Session session = open(engine)) {
      Generator generator = Generator.decoder(session);
      someAnswers().forEach(a -> a.check(generator.generateAll(a.prompts(), a.options())));
    }
  }

  static Stream<Answer> batches() {
    return someAnswers().filter(answer -> answer.prompts().size() > 1);
  }

  @ParameterizedTest
  @MethodSource("batches")
  void aTextIsTheSameAloneAndInABatch(Answer answer) {
    Generator generator = Generator.decoder(reference);
    GenerationOptions options = answer.options();
    List<Generation> alone = new ArrayList<>();
    answer
        .prompts()
        .forEach(prompt -> alone.addAll(generator.generateAll(List.of(prompt), options)));
    List<Generation> together = generator.generateAll(answer.prompts(), options);
    assertEquals(
        together.stream().map(Generation::tokens).toList(),
        alone.stream().map(Generation::tokens).toList());
  }
}
