package org.attention4j.models.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.attention4j.error.UsageException;
import org.attention4j.models.store.JsonFile;
import org.attention4j.models.text.MaskFiller.Guess;
import org.attention4j.models.text.QuestionAnswerer.Answer;
import org.attention4j.models.text.QuestionAnswerer.Search;
import org.attention4j.models.text.Reranker.Ranked;
import org.attention4j.models.text.TextClassifier.Scored;
import org.attention4j.models.text.TokenClassifier.Entity;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Checkpoints, tokenizers and answers are made by texts.py and answers.py in src/test/fixtures. */
@DisplayName("What transformers and sentence-transformers make of texts is what we make of them:")
class RecordedTextsTest {
  static final Path FOLDER = Path.of("src/test/resources/texts");
  private static final double CLOSE = 2e-5;

  @TempDir Path directory;

  static JsonNode expected(String name) {
    return JsonFile.read(FOLDER.resolve(name).resolve("expected.json"));
  }

  static List<String> texts(JsonNode list) {
    List<String> texts = new ArrayList<>();
    list.forEach(text -> texts.add(text.asText()));
    return texts;
  }

  private static void assertVectors(JsonNode wanted, float[][] vectors) {
    assertEquals(wanted.size(), vectors.length);
    for (int i = 0; i < vectors.length; i++) {
      float[] row = new float[wanted.path(i).size()];
      for (int j = 0; j < row.length; j++) {
        row[j] = (float) wanted.path(i).path(j).asDouble();
      }
      assertArrayEquals(row, vectors[i], (float) CLOSE, "text " + i);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "sentence_encoder, reference",
    "sentence_encoder, djl",
    "sentence_encoder, onnx",
    "sentence_decoder, djl",
    "sentence_decoder, onnx",
    "masked, reference",
    "sentence_dense, reference"
  })
  @DisplayName("vectors, whatever the batch, from an encoder, a decoder, and below a head")
  void vectors(String name, String engine) {
    JsonNode expected = expected(name);
    List<String> texts = texts(expected.path("texts"));
    try (TextEmbedder embedder = TextEmbedder.open(FOLDER.resolve(name), engine)) {
      assertVectors(expected.path("vectors"), embedder.embed(texts));
      assertVectors(expected.path("vectors"), embedder.embed(texts, embedder.usualPrompt(), 2));
      if (expected.has("query_vectors")) {
        assertEquals(6, embedder.truncated()); // three long texts, run twice
        float[][] vectors = embedder.embed(texts, embedder.prompt("query"), 3);
        assertVectors(expected.path("query_vectors"), vectors);
        assertEquals(1, TextEmbedder.cosine(vectors[0], vectors[0]), 1e-6);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "onnx"})
  @DisplayName("scores of documents, and their order")
  void documents(String engine) {
    JsonNode expected = expected("reranker");
    List<String> texts = texts(expected.path("texts"));
    try (Reranker reranker = Reranker.open(FOLDER.resolve("reranker"), engine)) {
      List<Ranked> ranked = reranker.rank(expected.path("query").asText(), texts, 2);
      for (int i = 0; i < ranked.size(); i++) {
        Ranked at = ranked.get(i);
        assertEquals(expected.path("scores").path(at.index()).asDouble(), at.score(), CLOSE);
        assertEquals(texts.get(at.index()), at.document());
        assertTrue(i == 0 || ranked.get(i - 1).score() >= at.score(), ranked.toString());
      }
      assertTrue(reranker.truncated() > 0);
    }
  }

  @Test
  @DisplayName("scores are logits where the configuration names no function")
  void logits() throws IOException {
    copy("reranker");
    configure(
        "\"model_type\"",
        "\"sentence_transformers\": {\"activation_fn\":"
            + " \"torch.nn.modules.linear.Identity\"}, \"model_type\"");
    JsonNode expected = expected("reranker");
    List<TextPair> pairs =
        texts(expected.path("texts")).stream()
            .map(text -> TextPair.of(expected.path("query").asText(), text))
            .toList();
    try (Reranker reranker = Reranker.open(directory, "reference")) {
      double[] scores = reranker.score(pairs, 8);
      for (int i = 0; i < scores.length; i++) {
        assertEquals(expected.path("logits").path(i).asDouble(), scores[i], CLOSE);
      }
    }
  }

  private static void assertLabels(JsonNode wanted, List<Scored> found) {
    assertEquals(wanted.size(), found.size());
    for (int i = 0; i < found.size(); i++) {
      assertEquals(wanted.path(i).path("label").asText(), found.get(i).label());
      assertEquals(wanted.path(i).path("score").asDouble(), found.get(i).score(), CLOSE);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "djl"})
  @DisplayName("classes of texts and of pairs")
  void classes(String engine) {
    JsonNode expected = expected("classifier");
    try (TextClassifier classifier = TextClassifier.open(FOLDER.resolve("classifier"), engine)) {
      List<List<Scored>> found = classifier.classify(texts(expected.path("texts")));
      for (int i = 0; i < found.size(); i++) {
        assertLabels(expected.path("labels").path(i), found.get(i));
      }
      List<TextPair> pairs = new ArrayList<>();
      expected
          .path("pairs")
          .forEach(pair -> pairs.add(TextPair.of(pair.path(0).asText(), pair.path(1).asText())));
      List<List<Scored>> ofPairs = classifier.classifyPairs(pairs, 1);
      for (int i = 0; i < pairs.size(); i++) {
        assertLabels(expected.path("pair_labels").path(i), ofPairs.get(i));
      }
    }
  }

  @Test
  @DisplayName("several classes at once, where problem_type says so")
  void severalClasses() throws IOException {
    copy("classifier");
    configure("\"model_type\"", "\"problem_type\": \"multi_label_classification\", \"model_type\"");
    JsonNode expected = expected("classifier");
    try (TextClassifier classifier = TextClassifier.open(directory, "reference")) {
      List<List<Scored>> found = classifier.classify(texts(expected.path("texts")));
      for (int i = 0; i < found.size(); i++) {
        assertLabels(expected.path("several").path(i), found.get(i));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = "djl")
  @DisplayName("what is named in texts, and where")
  void entities(String engine) {
    JsonNode expected = expected("tagger");
    List<String> texts = texts(expected.path("texts"));
    try (TokenClassifier classifier = TokenClassifier.open(FOLDER.resolve("tagger"), engine)) {
      List<List<Entity>> found = classifier.find(texts, 3);
      for (int i = 0; i < texts.size(); i++) {
        JsonNode wanted = expected.path("entities").path(i);
        assertEquals(wanted.size(), found.get(i).size(), found.get(i).toString());
        for (int j = 0; j < wanted.size(); j++) {
          Entity entity = found.get(i).get(j);
          assertEquals(wanted.path(j).path("label").asText(), entity.label());
          assertEquals(wanted.path(j).path("start").asInt(), entity.start());
          assertEquals(wanted.path(j).path("end").asInt(), entity.end());
          assertEquals(wanted.path(j).path("score").asDouble(), entity.score(), CLOSE);
          int[] points = texts.get(i).codePoints().toArray();
          assertEquals(
              new String(points, entity.start(), entity.end() - entity.start()), entity.text());
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = "onnx")
  @DisplayName("guesses behind one mask and behind two")
  void masks(String engine) {
    JsonNode expected = expected("masked");
    try (MaskFiller filler = MaskFiller.open(FOLDER.resolve("masked"), engine)) {
      assertEquals("<mask>", filler.mask());
      List<List<Guess>> found = new ArrayList<>(filler.fill(expected.path("one").asText(), 4));
      assertEquals(
          found, filler.fill(expected.path("one").asText().replace("<mask>", "[MASK]"), 4));
      found.addAll(filler.fill(expected.path("two").asText(), 4));
      assertEquals(3, found.size());
      for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 4; j++) {
          JsonNode wanted = expected.path("guesses").path(i).path(j);
          Guess guess = found.get(i).get(j);
          assertEquals(wanted.path("token").asLong(), guess.token());
          assertEquals(wanted.path("token_str").asText(), guess.text());
          assertEquals(wanted.path("score").asDouble(), guess.score(), CLOSE);
          String sequence = wanted.path("sequence").asText();
          assertEquals(sequence.replaceAll("^<s>|</s>$", ""), guess.sequence());
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "t5, reference",
    "t5, djl",
    "t5, onnx",
    "marian, reference",
    "marian, onnx",
    "marian_apart, reference",
    "marian_apart, djl",
    "marian_apart, onnx",
    "bart, reference",
    "bart, onnx"
  })
  @DisplayName("translations of a batch, as generation_config.json wants them")
  void translations(String name, String engine) {
    JsonNode expected = expected(name);
    try (Translator translator = Translator.open(FOLDER.resolve(name), engine)) {
      List<GeneratedText> found =
          translator.translate(
              texts(expected.path("texts")),
              expected.path("prefix").asText(),
              translator.defaults(),
              3);
      for (int i = 0; i < found.size(); i++) {
        List<Long> tokens = new ArrayList<>();
        expected.path("tokens").path(i).forEach(token -> tokens.add(token.asLong()));
        List<Long> drawn = found.get(i).generation().tokens();
        assertEquals(tokens.subList(0, drawn.size()), drawn, "text " + i);
        assertEquals(expected.path("translations").path(i).asText(), found.get(i).text());
        if (expected.path("scores").isArray()) {
          assertEquals(
              expected.path("scores").path(i).asDouble(),
              found.get(i).generation().score().orElseThrow(),
              1e-4);
        }
      }
    }
  }

  private void copy(String name) throws IOException {
    try (Stream<Path> files = Files.list(FOLDER.resolve(name))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, directory.resolve(file.getFileName()));
      }
    }
  }

  private void configure(String from, String to) throws IOException {
    Path config = directory.resolve("config.json");
    Files.writeString(config, Files.readString(config).replace(from, to));
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "djl", "onnx"})
  @DisplayName("answers within a text, its passages, and none at all")
  void answers(String engine) {
    try (QuestionAnswerer answerer = QuestionAnswerer.open(FOLDER.resolve("answers"), engine)) {
      for (JsonNode one : expected("answers").path("cases")) {
        String text = one.path("context").asText();
        boolean none = one.path("none").asBoolean();
        Search search = new Search(one.path("top").asInt(), one.path("longest").asInt(), none, 2);
        List<Answer> found = answerer.answers(one.path("question").asText(), text, search);
        assertEquals(one.path("answers").size(), found.size());
        for (int i = 0; i < found.size(); i++) {
          JsonNode wanted = one.path("answers").path(i);
          assertEquals(wanted.path("answer").asText(), found.get(i).text());
          assertEquals(wanted.path("start").asInt(), found.get(i).start());
          assertEquals(wanted.path("end").asInt(), found.get(i).end());
          assertEquals(wanted.path("score").asDouble(), found.get(i).score(), CLOSE);
        }
      }
    }
  }

  @Test
  @DisplayName("a question without a text, or too long for one, is refused")
  void noPlaceForAnAnswer() {
    try (QuestionAnswerer answerer =
        QuestionAnswerer.open(FOLDER.resolve("answers"), "reference")) {
      assertThrows(UsageException.class, () -> answerer.answer("Where?", " "));
      String longer = "Where does the cat sleep? ".repeat(8);
      UsageException e =
          assertThrows(UsageException.class, () -> answerer.answer(longer, "On the roof."));
      assertTrue(String.valueOf(e.getMessage()).contains("40"), e.getMessage());
    }
  }
}
