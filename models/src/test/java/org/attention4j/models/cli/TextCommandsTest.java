package org.attention4j.models.cli;

import static org.attention4j.models.cli.CommandLineTest.run;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.attention4j.models.cli.CommandLineTest.Outcome;
import org.attention4j.models.store.JsonFile;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * embed, rerank, classify, fill-mask and translate write what was recorded, or say what is wrong.
 */
class TextCommandsTest {
  private static final Path FOLDER = Path.of("src/test/resources/texts");

  @TempDir Path directory;
  private List<String> texts = List.of();

  @BeforeEach
  void aFileOfTexts() throws IOException {
    List<String> lines = new ArrayList<>();
    expected("bart").path("texts").forEach(text -> lines.add(text.asText()));
    texts = lines;
    Files.write(file(), texts);
  }

  private Path file() {
    return directory.resolve("texts.txt");
  }

  private static JsonNode expected(String name) {
    return JsonFile.read(FOLDER.resolve(name).resolve("expected.json"));
  }

  private static Outcome command(String command, Object from, Object... more) {
    List<Object> arguments = new ArrayList<>(List.of(command, "--engine", "reference"));
    arguments.addAll(List.of("--from", from));
    arguments.addAll(List.of(more));
    return run(arguments.toArray());
  }

  private Outcome onFile(String command, String name, Object... more) {
    List<Object> arguments = new ArrayList<>(List.of("--input", file()));
    arguments.addAll(List.of(more));
    return command(command, FOLDER.resolve(name), arguments.toArray());
  }

  private static void assertVector(JsonNode wanted, JsonNode found) {
    assertEquals(wanted.size(), found.size());
    for (int i = 0; i < wanted.size(); i++) {
      assertEquals(wanted.path(i).asDouble(), found.path(i).asDouble(), 2e-5);
    }
  }

  private void assertLines(String output, JsonNode vectors) throws JsonProcessingException {
    List<String> lines = output.lines().toList();
    assertEquals(texts.size(), lines.size());
    for (int i = 0; i < lines.size(); i++) {
      JsonNode line = new ObjectMapper().readTree(lines.get(i));
      assertEquals(i, line.path("index").asInt());
      assertEquals(texts.get(i), line.path("text").asText());
      assertVector(vectors.path(i), line.path("embedding"));
    }
  }

  @Test
  void vectorsGoToJsonLinesOneObjectOrATensor() throws IOException {
    JsonNode expected = expected("sentence_encoder");
    JsonNode vectors = expected.path("vectors");
    assertLines(onFile("embed", "sentence_encoder").expect(0).out(), vectors);
    Outcome asked = onFile("embed", "sentence_encoder", "--prompt-name", "query", "--batch", 2);
    assertTrue(asked.err().contains("; 5 texts were longer"), asked.err());
    assertLines(asked.expect(0).out(), expected.path("query_vectors"));
    assertLines(
        onFile("embed", "sentence_encoder", "--prompt", "Where does ").out(),
        expected.path("query_vectors"));
    JsonNode json = onFile("embed", "sentence_encoder", "--json").expect(0).json();
    assertVector(vectors.path(2), json.path("embeddings").path(2));
    assertEquals(3, json.path("truncated").asInt());
    Path lines = directory.resolve("vectors.jsonl");
    onFile("embed", "sentence_encoder", "--output", lines).expect(0);
    assertLines(Files.readString(lines), vectors);
    Path tensor = directory.resolve("vectors.safetensors");
    onFile("embed", "sentence_encoder", "--output", tensor).expect(0);
    HostTensor stored = Weights.load(tensor).get("embeddings");
    assertEquals(vectors.size(), stored.dim(0));
    assertEquals(vectors.path(1).path(3).asDouble(), stored.getDouble(16 + 3), 2e-5);
  }

  @Test
  void similaritiesAreAMatrixOfCosines() {
    JsonNode vectors = expected("sentence_encoder").path("vectors");
    List<String> rows =
        onFile("embed", "sentence_encoder", "--similarity").expect(0).out().lines().toList();
    JsonNode json = onFile("embed", "sentence_encoder", "--similarity", "--json").json();
    assertEquals(texts.size(), rows.size());
    for (int i = 0; i < rows.size(); i++) {
      String[] row = rows.get(i).split("\t", -1);
      assertEquals(texts.size(), row.length);
      for (int j = 0; j < row.length; j++) {
        double product = 0;
        double squares = 0;
        double others = 0;
        for (int k = 0; k < vectors.path(i).size(); k++) {
          double one = vectors.path(i).path(k).asDouble();
          double other = vectors.path(j).path(k).asDouble();
          product += one * other;
          squares += one * one;
          others += other * other;
        }
        double cosine = product / Math.sqrt(squares * others);
        assertEquals(cosine, Double.parseDouble(row[j]), 2e-5);
        assertEquals(cosine, json.path("similarity").path(i).path(j).asDouble(), 2e-5);
      }
    }
    onFile("embed", "sentence_encoder", "--similarity", "--output", "x.jsonl").refused("--output");
  }

  @Test
  void picturesAreClassified() {
    Path images = Path.of("src/test/resources/images");
    JsonNode recorded = JsonFile.read(images.resolve("classes.json"));
    List<Object> more = new ArrayList<>(List.of("--batch", 2, "--top", 3, "--json", "--image"));
    recorded.properties().forEach(e -> more.add(images.resolve(e.getKey())));
    Path model = images.resolve("classifier");
    JsonNode json = command("classify", model, more.toArray()).expect(0).json();
    assertEquals(recorded.size(), json.path("images").size());
    for (JsonNode image : json.path("images")) {
      JsonNode scores =
          recorded.path(Path.of(image.path("image").asText()).getFileName().toString());
      assertEquals(3, image.path("labels").size());
      for (JsonNode label : image.path("labels")) {
        double expected = scores.path(label.path("label").asText()).asDouble();
        assertEquals(expected, label.path("score").asDouble(), 1e-5);
      }
    }
    Object first = more.get(more.size() - 1);
    String line = command("classify", model, "--image", first).expect(0).out().strip();
    assertTrue(line.endsWith("\t" + first) && line.split("\t", -1).length == 3, line);
    command("classify", model, "--image", first, "--task", "tokens").refused("--task");
    command("classify", model, "--image", "nowhere.png").refused("nowhere.png");
  }

  @Test
  void textsComeFromStandardInput() throws JsonProcessingException {
    InputStream before = System.in;
    try {
      String text = "\uFEFF" + String.join("\r\n", texts) + "\n";
      System.setIn(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
      assertLines(
          command("embed", FOLDER.resolve("sentence_encoder")).expect(0).out(),
          expected("sentence_encoder").path("vectors"));
    } finally {
      System.setIn(before);
    }
  }

  @Test
  void documentsAreOrdered() {
    JsonNode expected = expected("reranker");
    String query = expected.path("query").asText();
    Outcome outcome = onFile("rerank", "reranker", "--query", query, "--top", 2).expect(0);
    assertEquals(2, outcome.out().lines().count());
    JsonNode best =
        onFile("rerank", "reranker", "--query", query, "--json").json().path("documents").path(0);
    assertEquals(0.344767, best.path("score").asDouble(), 2e-5);
    assertEquals(texts.get(best.path("index").asInt()), best.path("text").asText());
    assertEquals(
        String.format(
            Locale.ROOT,
            "%.6f\t%s\t%s",
            best.path("score").asDouble(),
            best.path("index"),
            texts.get(0)),
        outcome.out().lines().findFirst().orElse(""));
  }

  @Test
  void textsPairsAndTokensAreClassified() throws IOException {
    JsonNode labels = expected("classifier").path("labels");
    List<String> lines = onFile("classify", "classifier").expect(0).out().lines().toList();
    for (int i = 0; i < texts.size(); i++) {
      assertTrue(lines.get(i).startsWith(labels.path(i).path(0).path("label").asText() + "\t"));
      assertTrue(lines.get(i).endsWith("\t" + texts.get(i)));
    }
    assertEquals(
        3L * texts.size(), onFile("classify", "classifier", "--top", 9).out().lines().count());
    Files.writeString(file(), "The cat sleeps.\tA dog barks.\n");
    JsonNode pair = onFile("classify", "classifier", "--json").json().path("texts").path(0);
    JsonNode wanted = expected("classifier").path("pair_labels").path(0).path(0);
    assertEquals(wanted.path("label"), pair.path("labels").path(0).path("label"));
    Files.write(file(), texts);
    JsonNode entities = onFile("classify", "tagger", "--task", "tokens", "--json").expect(0).json();
    JsonNode first = entities.path("texts").path(2).path("entities").path(0);
    JsonNode recorded = expected("tagger").path("entities").path(2).path(0);
    assertEquals(recorded.path("label"), first.path("label"));
    assertEquals(recorded.path("end"), first.path("end"));
  }

  @Test
  void masksAreFilled() {
    JsonNode expected = expected("masked");
    Path from = FOLDER.resolve("masked");
    JsonNode json =
        command("fill-mask", from, "--text", expected.path("two").asText(), "--json")
            .expect(0)
            .json();
    assertEquals(2, json.path("masks").size());
    assertEquals(
        expected.path("guesses").path(2).path(0).path("token"),
        json.path("masks").path(1).path(0).path("token"));
    assertEquals(
        3,
        command("fill-mask", from, "--text", expected.path("one").asText(), "--top", 3)
            .out()
            .lines()
            .count());
    command("fill-mask", from, "--text", "no mask").refused("<mask>");
    command("fill-mask", from, "--text", "a <mask>", "--top", 0).refused("0");
    command("fill-mask", from, "--text", "<mask> and on".repeat(30)).refused("38 tokens");
  }

  @Test
  void linesAreTranslated() {
    JsonNode expected = expected("bart");
    List<String> lines = onFile("translate", "bart", "--batch", 2).expect(0).out().lines().toList();
    for (int i = 0; i < texts.size(); i++) {
      assertEquals(expected.path("translations").path(i).asText(), lines.get(i));
    }
    JsonNode t5 =
        onFile("translate", "t5", "--prefix", expected("t5").path("prefix").asText(), "--json")
            .expect(0)
            .json();
    assertEquals(
        expected("t5").path("translations").path(3), t5.path("texts").path(3).path("text"));
    JsonNode few = onFile("translate", "bart", "--beams", 2, "--sequences", 2, "--json").json();
    assertEquals(2 * texts.size(), few.path("texts").size());
    JsonNode generated =
        command("generate", FOLDER.resolve("bart"), "--prompt", texts.get(1), "--json").json();
    assertEquals(expected.path("translations").path(1), generated.path("text"));
  }

  @Test
  void aTaskOfTheConfigurationHasItsPrefixAndOptions() throws IOException {
    Path from = FOLDER.resolve("t5");
    for (String name : List.of("model.safetensors", "tokenizer.json", "generation_config.json")) {
      Files.copy(from.resolve(name), directory.resolve(name));
    }
    String prefix = expected("t5").path("prefix").asText();
    Files.writeString(
        directory.resolve("config.json"),
        Files.readString(from.resolve("config.json"))
            .replaceFirst(
                "\\{",
                "{\"task_specific_params\": {\"summarization\": {\"prefix\": \""
                    + prefix
                    + "\", \"max_length\": 6}},"));
    JsonNode texts =
        command("translate", directory, "--input", file(), "--task", "summarization", "--json")
            .expect(0)
            .json()
            .path("texts");
    JsonNode tokens = expected("t5").path("tokens").path(0);
    assertEquals(5, texts.path(0).path("tokens").size());
    for (int i = 0; i < 5; i++) {
      assertEquals(tokens.path(i).asLong(), texts.path(0).path("tokens").path(i).asLong());
    }
    command("translate", directory, "--input", file(), "--task", "sumarization")
        .refused("sumarization", "[summarization]");
  }

  @ParameterizedTest
  @CsvSource({
    "embed, bart, makes no vectors",
    "rerank, classifier, 3 labels",
    "rerank, masked, masked-lm",
    "classify, sentence_encoder, features",
    "classify, sentence_decoder, causal-lm",
    "translate, sentence_decoder, use generate",
    "translate, masked, masked-lm",
    "translate, sentence_encoder, features",
  })
  void aModelForAnotherTaskIsRefused(String command, String name, String part) {
    Object[] query = command.equals("rerank") ? new Object[] {"--query", "x"} : new Object[0];
    onFile(command, name, query).refused(name, part);
  }

  @Test
  void wrongUseIsRefused() throws IOException {
    String name = "sentence_encoder";
    command("embed", FOLDER.resolve(name), "--input", directory.resolve("none")).refused("none");
    command("embed", FOLDER.resolve(name), "--input", directory).refused("is a directory");
    command("embed", directory.resolve("none"), "--input", file()).refused("none");
    command("embed", directory, "--input", file()).refused("config.json");
    onFile("embed", name, "--batch", 0).refused("--batch");
    onFile("embed", name, "--prompt-name", "qury").refused("qury", "query, passage");
    onFile("embed", name, "--prompt-name", "query", "--prompt", "x").refused("--prompt");
    onFile("embed", name, "--output", directory.resolve("no/where.jsonl")).refused("where.jsonl");
    onFile("rerank", "reranker").refused("--query");
    onFile("rerank", "reranker", "--query", " ").refused("--query");
    onFile("rerank", "reranker", "--query", "x", "--top", 0).refused("--top");
    onFile("classify", "classifier", "--task", "images").refused("images");
    onFile("classify", "classifier", "--top", -1).refused("--top");
    onFile("translate", "bart", "--batch", "many").refused("many");
    onFile("translate", "bart", "--beams", 0).refused("beam");
    Files.writeString(file(), "\n \n");
    onFile("embed", name).refused("no text");
    Files.write(file(), new byte[] {'a', (byte) 0xC3, '\n'});
    onFile("translate", "bart").refused("UTF-8");
    Files.write(file(), new byte[] {'a', 0, '\n'});
    onFile("classify", "classifier").refused("zero byte");
    Files.writeString(file(), "word ".repeat(99));
    onFile("translate", "bart").refused("96", "word word");
  }

  @ParameterizedTest
  @CsvSource({
    "spiece.model, AutoTokenizer",
    "vocab.txt, AutoTokenizer",
    "source.spm, target.spm and vocab.json",
    "vocab.json, AutoTokenizer"
  })
  void aTokenizerOfTheOldKindIsRefusedWithTheWayToConvert(String old, String advice)
      throws IOException {
    try (Stream<Path> files = Files.list(FOLDER.resolve("bart"))) {
      for (Path file : files.filter(f -> !f.endsWith("tokenizer.json")).toList()) {
        Files.copy(file, directory.resolve(file.getFileName()));
      }
    }
    Files.writeString(directory.resolve(old), "{\"a\": 0}");
    command("translate", directory, "--input", file()).refused(old, advice);
  }

  @Test
  void answersAreWithinTheContext() throws IOException {
    JsonNode wanted = expected("answers").path("cases").path(0);
    Path model = FOLDER.resolve("answers");
    String question = wanted.path("question").asText();
    String text = wanted.path("context").asText();
    Outcome plain = command("answer", model, "--question", question, "--context", text).expect(0);
    JsonNode answer = wanted.path("answers").path(0);
    String line =
        String.format(
            Locale.ROOT,
            "%.6f\t%d\t%d\t%s",
            answer.path("score").asDouble(),
            answer.path("start").asInt(),
            answer.path("end").asInt(),
            answer.path("answer").asText());
    assertEquals(line, plain.out().strip());
    Path file = Files.writeString(directory.resolve("context.txt"), text);
    JsonNode json =
        command("answer", model, "--question", question, "--context-file", file, "--json")
            .expect(0)
            .json();
    assertEquals(answer.path("answer"), json.path("answers").path(0).path("text"));
    command("answer", model, "--question", question).refused("--context");
    command("answer", model, "--question", " ", "--context", text).refused("question");
    command("answer", FOLDER.resolve("tagger"), "--question", question, "--context", text)
        .refused("question-answering");
  }
}
