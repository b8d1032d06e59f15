package org.attention4j.models.token;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.StorageException;
import org.attention4j.error.UsageException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokenizers give back the text, survive saving, and refuse damaged files with a clear error. */
class TokenizersTest {
  private static final String TEXT = "¿Duerme el gato?\nNo: el gato come. 🐟";

  @TempDir Path directory;

  @Test
  void charactersComeBackExactlyAfterSavingAndLoading() {
    CharTokenizer.of(TEXT, true).save(directory);
    try (Tokenizer loaded = Tokenizers.load(directory)) {
      long[] ids = loaded.encode(TEXT);
      assertEquals(TEXT.codePointCount(0, TEXT.length()), ids.length);
      assertEquals(TEXT, loaded.decode(ids));
      assertEquals(0, loaded.special("<pad>").orElseThrow());
    }
  }

  @Test
  void wordsComeBackWithUsualSpacing() {
    String text = "¿Duerme el gato?\nNo: el gato come.";
    try (Tokenizer tokenizer = WordTokenizer.of(text, false)) {
      assertEquals(text, tokenizer.decode(tokenizer.encode(text)));
      assertEquals(1, tokenizer.encode("gato").length);
    }
  }

  @Test
  void whatIsNotInTheVocabularyIsAnErrorThatNamesIt() {
    try (Tokenizer tokenizer = CharTokenizer.of("abc", false)) {
      UsageException e = assertThrows(UsageException.class, () -> tokenizer.encode("abz"));
      assertTrue(String.valueOf(e.getMessage()).contains("'z'"), e.getMessage());
      assertThrows(UsageException.class, () -> tokenizer.decode(3));
    }
  }

  /** A whole tokenizer.json: words at spaces. */
  private static final String WORD_LEVEL =
      """
      {"version": "1.0", "added_tokens": [{"id": 0, "content": "[UNK]", "single_word": false,
       "lstrip": false, "rstrip": false, "normalized": false, "special": true}],
       "normalizer": null, "pre_tokenizer": {"type": "WhitespaceSplit"}, "post_processor": null,
       "decoder": null, "truncation": null, "padding": null,
       "model": {"type": "WordLevel", "unk_token": "[UNK]",
                 "vocab": {"[UNK]": 0, "el": 1, "gato": 2, "come": 3}}}
      """;

  @Test
  void aHuggingFaceFileGivesItsIdsAndSurvivesSaving() throws IOException {
    Files.writeString(directory.resolve("tokenizer.json"), WORD_LEVEL);
    Path copy = Files.createDirectory(directory.resolve("copy"));
    try (Tokenizer tokenizer = Tokenizers.load(directory)) {
      tokenizer.save(copy);
    }
    try (Tokenizer tokenizer = Tokenizers.load(copy)) {
      assertEquals(4, tokenizer.size());
      assertArrayEquals(new long[] {1, 2, 3, 0}, tokenizer.encode("el gato come queso"));
      assertEquals("el gato", tokenizer.decode(1, 2));
      assertEquals(0, tokenizer.special("<unk>").orElseThrow());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[1, 2]",
        "{}",
        "{\"model\": {}}",
        "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": -5}, \"merges\": []}}",
        "{\"model\": {\"type\": \"NoSuchModel\", \"vocab\": {\"a\": 0}}}",
        "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": [\"x y\"]}}"
      })
  void aDamagedTokenizerFileIsRefused(String contents) throws IOException {
    Path file = directory.resolve("tokenizer.json");
    Files.writeString(file, contents);
    FileFormatException e =
        assertThrows(FileFormatException.class, () -> Tokenizers.load(directory).close());
    assertTrue(String.valueOf(e.getMessage()).contains("tokenizer.json"), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"kind\": \"runes\", \"specials\": 0, \"tokens\": [\"a\"]}",
        "{\"kind\": \"words\", \"specials\": 2, \"tokens\": [\"a\"]}",
        "{\"kind\": \"words\", \"specials\": 0, \"tokens\": [\"a\", \"a\"]}",
        "{\"kind\": \"words\", \"specials\": 0, \"tokens\": [1]}"
      })
  void aDamagedVocabularyIsRefused(String contents) throws IOException {
    Files.writeString(directory.resolve("vocab.json"), contents);
    assertThrows(FileFormatException.class, () -> Tokenizers.load(directory).close());
  }

  @Test
  void aDirectoryWithoutTokenizerSaysWhatItLacks() {
    assertThrows(StorageException.class, () -> Tokenizers.load(directory).close());
  }
}
