package org.attention4j.models.token;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.StorageException;
import org.attention4j.models.store.JsonFile;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The directories come from {@code src/test/fixtures/older_tokenizers.py}. */
@DisplayName("A directory with the older files of a tokenizer")
final class OlderTokenizersTest {
  private static final Path RECORDED = Path.of("src/test/resources/older-tokenizers");

  @TempDir Path scratch;

  static Stream<Path> directories() throws IOException {
    try (Stream<Path> all = Files.list(RECORDED)) {
      return all.sorted().toList().stream();
    }
  }

  private static long[] ids(JsonNode list) {
    long[] ids = new long[list.size()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = list.path(i).asLong();
    }
    return ids;
  }

  private static JsonTokenizer load(Path directory) {
    return (JsonTokenizer) Tokenizers.load(directory);
  }

  @ParameterizedTest
  @MethodSource("directories")
  @DisplayName("gives the ids and texts that transformers gives")
  void recorded(Path directory) {
    JsonNode expected = JsonFile.read(directory.resolve("expected.json"));
    try (JsonTokenizer tokenizer = load(directory)) {
      assertTrue(Tokenizers.in(directory));
      for (JsonNode one : expected.path("encodings")) {
        String text = one.path("text").asText();
        long[] ids = ids(one.path("ids"));
        assertArrayEquals(ids, tokenizer.encodeForModel(text), text);
        assertArrayEquals(ids(one.path("ids_without_special")), tokenizer.encode(text), text);
        assertEquals(one.path("decoded").asText(), tokenizer.decode(ids), text);
      }
      assertTrue(expected.path("encodings").size() > 30);
      JsonNode pair = expected.path("pair");
      assertEquals(
          pair.path("ids").toString(),
          tokenizer
              .encoding(pair.path("texts").path(0).asText(), pair.path("texts").path(1).asText())
              .ids()
              .toString()
              .replace(" ", ""));
    }
  }

  @ParameterizedTest
  @MethodSource("directories")
  @DisplayName("becomes a tokenizer.json that does the same")
  void converted(Path directory) {
    Path file = Tokenizers.convert(directory, scratch).orElseThrow();
    assertEquals(scratch.resolve("tokenizer.json"), file);
    JsonNode expected = JsonFile.read(directory.resolve("expected.json"));
    try (JsonTokenizer tokenizer = JsonTokenizer.load(file)) {
      for (JsonNode one : expected.path("encodings")) {
        assertArrayEquals(
            ids(one.path("ids")), tokenizer.encodeForModel(one.path("text").asText()));
      }
    }
    assertTrue(Tokenizers.convert(scratch, scratch).isEmpty(), "there is one already");
  }

  @Test
  @DisplayName("of Marian reads the texts that are to be written by its second model")
  void targets() {
    for (String name : List.of("marian", "marian_languages")) {
      JsonNode expected = JsonFile.read(RECORDED.resolve(name).resolve("expected.json"));
      try (JsonTokenizer targets = Tokenizers.targets(RECORDED.resolve(name)).orElseThrow()) {
        int others = 0;
        for (JsonNode one : expected.path("targets")) {
          String text = one.path("text").asText();
          assertArrayEquals(ids(one.path("ids")), targets.encodeForModel(text), text);
        }
        for (int i = 0; i < expected.path("targets").size(); i++) {
          JsonNode source = expected.path("encodings").path(i).path("ids");
          others += source.equals(expected.path("targets").path(i).path("ids")) ? 0 : 1;
        }
        assertTrue(others > 10, "both are cut alike: this proves nothing");
      }
    }
    assertTrue(Tokenizers.targets(RECORDED.resolve("t5")).isEmpty());
  }

  @Test
  @DisplayName("of Marian with a vocabulary for each side, by marian_vocabularies.py, is two")
  void vocabularies() throws IOException {
    Path apart = Path.of("src/test/resources/texts/marian_apart");
    JsonNode expected = JsonFile.read(apart.resolve("expected.json"));
    try (JsonTokenizer sources = Tokenizers.subwords(apart);
        JsonTokenizer targets = Tokenizers.targets(apart).orElseThrow()) {
      for (int i = 0; i < expected.path("texts").size(); i++) {
        String text = expected.path("texts").path(i).asText();
        long[] ids = ids(expected.path("ids").path(i));
        assertArrayEquals(ids, sources.encodeForModel(text), text);
      }
      for (JsonNode one : expected.path("targets")) {
        String text = one.path("text").asText();
        assertArrayEquals(ids(one.path("ids")), targets.encodeForModel(text), text);
      }
    }
    assertTrue(Tokenizers.convert(apart, scratch).isEmpty(), "one file cannot say both");
    Path directory = copy("marian");
    Files.writeString(directory.resolve("tokenizer_config.json"), "{\"separate_vocabs\": true}");
    StorageException e = assertThrows(StorageException.class, () -> Tokenizers.targets(directory));
    assertTrue(String.valueOf(e.getMessage()).contains("target_vocab.json"), e.getMessage());
  }

  private Path whisper(String settings) throws IOException {
    try (Stream<Path> files = Files.list(RECORDED.resolve("whisper"))) {
      for (Path file : files.toList()) {
        Files.copy(file, scratch.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    Files.writeString(scratch.resolve("tokenizer_config.json"), settings);
    return scratch;
  }

  @Test
  @DisplayName("of Whisper begins with language and task, as tokenizer_config.json has them")
  void languageAndTask() throws IOException {
    // start 331, en 332, transcribe 333, no times 335; transformers adds them in this order
    Map<String, List<Integer>> starts =
        Map.of(
            "{\"language\": \"English\", \"task\": \"transcribe\"}", List.of(331, 332, 333, 335),
            "{\"language\": \"en\", \"predict_timestamps\": true}", List.of(331, 332),
            "{\"language\": null, \"task\": null}", List.of(331, 335));
    for (Map.Entry<String, List<Integer>> one : starts.entrySet()) {
      try (JsonTokenizer tokenizer = load(whisper(one.getKey()))) {
        List<Long> ids = Arrays.stream(tokenizer.encodeForModel("the cat")).boxed().toList();
        List<Long> start = one.getValue().stream().map(Integer::longValue).toList();
        assertEquals(start, ids.subList(0, start.size()), one.getKey());
        assertEquals(
            Arrays.stream(tokenizer.encode("the cat")).boxed().toList(),
            ids.subList(start.size(), ids.size() - 1));
      }
    }
    for (String wrong : List.of("{\"language\": \"klingon\"}", "{\"language\": \"es\"}")) {
      Path directory = whisper(wrong); // Spanish has no token in this list
      assertThrows(FileFormatException.class, () -> load(directory));
    }
  }

  @Test
  @DisplayName("cuts texts that are too long, and keeps the tokens around them")
  void truncates() {
    try (JsonTokenizer tokenizer = Tokenizers.truncating(RECORDED.resolve("bert"), 5)) {
      long[] ids = tokenizer.encodeForModel("the old cat watches the river today");
      assertEquals(5, ids.length);
      assertEquals("[SEP]", tokenizer.label(ids[4]));
    }
  }

  private Path copy(String name) throws IOException {
    try (Stream<Path> files = Files.list(RECORDED.resolve(name))) {
      for (Path file : files.toList()) {
        Files.copy(file, scratch.resolve(String.valueOf(file.getFileName())));
      }
    }
    return scratch;
  }

  @Test
  @DisplayName("of a kind that is not known is refused, with the way to convert it")
  void unknownKind() throws IOException {
    Path directory = copy("t5");
    Files.writeString(
        directory.resolve("tokenizer_config.json"), "{\"tokenizer_class\": \"AlbertTokenizer\"}");
    assertFalse(Tokenizers.in(directory));
    StorageException e = assertThrows(StorageException.class, () -> load(directory).close());
    String message = String.valueOf(e.getMessage());
    assertTrue(message.contains("spiece.model") && message.contains("save_pretrained"), message);
  }

  @Test
  @DisplayName("needs no tokenizer_config.json or config.json where its files tell the kind")
  void filesAlone() throws IOException {
    Path directory = copy("bert");
    Files.delete(directory.resolve("config.json"));
    try (JsonTokenizer tokenizer = load(directory)) {
      assertEquals("[CLS]", tokenizer.label(tokenizer.encodeForModel("cat")[0]));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gpt2 | added_tokens.json | {\"zwei\": 400} | should have the id 400",
        "gpt2 | added_tokens.json | {\"a\": 330, \"b\": 330} | two tokens with the id 330",
        "gpt2 | added_tokens.json | {\"a\": -1} | id -1",
        "gpt2 | merges.txt | a b c | line 1 is no pair",
        "gpt2 | tokenizer_config.json | {\"add_prefix_space\": 3} | should be true or false",
        "t5 | tokenizer_config.json | {\"extra_ids\": -3} | a whole number from 0",
        "t5 | tokenizer_config.json | {\"eos_token\": {\"a\": 1}} | an object with 'content'",
        "t5 | spiece.model | abc | is no SentencePiece model",
        "marian | vocab.json | {\"a\": 0, \"b\": 2} | each id from 0 to 1 once",
        "marian | vocab.json | {\"a\": 0, \"b\": 1} | has no token '<unk>'",
      })
  @DisplayName("that is damaged is refused, and the error names the file and what is wrong")
  void damaged(String name, String file, String contents, String problem) throws IOException {
    Path directory = copy(name);
    Files.writeString(directory.resolve(file), contents);
    FileFormatException e = assertThrows(FileFormatException.class, () -> load(directory).close());
    String message = String.valueOf(e.getMessage());
    assertTrue(message.contains(problem), message);
    assertTrue(message.contains(String.valueOf(directory)), message);
  }

  @Test
  @DisplayName("with another kind of SentencePiece model than the family has is refused")
  void anotherKindOfModel() throws IOException {
    Path directory = copy("t5");
    Files.write(
        directory.resolve("spiece.model"),
        Files.readAllBytes(RECORDED.resolve("llama").resolve("tokenizer.model")));
    FileFormatException e = assertThrows(FileFormatException.class, () -> load(directory).close());
    assertTrue(String.valueOf(e.getMessage()).contains("only unigram"), e.getMessage());
  }
}
