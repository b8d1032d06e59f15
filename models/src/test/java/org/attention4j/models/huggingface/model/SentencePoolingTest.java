package org.attention4j.models.huggingface.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.attention4j.error.AttentionException;
import org.attention4j.error.FileFormatException;
import org.attention4j.models.family.Config;
import org.attention4j.nn.TokenPooling;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("The modules of a sentence encoder")
class SentencePoolingTest {
  private static final String POOLING =
      "{'path': '1_Pooling', 'type': 'sentence_transformers.models.Pooling'}";

  @TempDir Path directory;

  @BeforeEach
  void config() throws IOException {
    write("config.json", "{'model_type': 'bert'}");
    write("1_Pooling/config.json", "{'pooling_mode_cls_token': true}");
  }

  private void write(String name, String json) throws IOException {
    Path file = directory.resolve(name);
    Files.createDirectories(file.resolveSibling(""));
    Files.writeString(file, json.replace('\'', '"'));
  }

  private SentencePooling read() {
    return SentencePooling.read(Config.read(directory.resolve("config.json")));
  }

  @Test
  @DisplayName("are the mean of the tokens where no file tells")
  void meanByDefault() {
    assertEquals(new SentencePooling(List.of(TokenPooling.MEAN), false), read());
  }

  @Test
  @DisplayName("say how to pool and whether to normalise")
  void areRead() throws IOException {
    write("modules.json", "[" + POOLING + ", {'type': 'sentence_transformers.models.Normalize'}]");
    assertEquals(new SentencePooling(List.of(TokenPooling.FIRST), true), read());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'mean' | MEAN",
        "'cls' | FIRST",
        "'lasttoken' | LAST",
        "'mean_sqrt_len_tokens' | MEAN_ROOT",
        "['max', 'weightedmean'] | MAX WEIGHTED_MEAN"
      })
  @DisplayName("may name the way to pool in one entry, as newer releases do")
  void newer(String modes, String kinds) throws IOException {
    write("modules.json", "[" + POOLING + "]");
    write("1_Pooling/config.json", "{'pooling_mode': " + modes + "}");
    List<TokenPooling> wanted = Stream.of(kinds.split(" ")).map(TokenPooling::valueOf).toList();
    assertEquals(new SentencePooling(wanted, false), read());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[{'type': 'sentence_transformers.models.CNN'}] | models.CNN; only Transformer",
        "[{'type': 'sentence_transformers.models.Transformer'}] | no module for pooling",
        "[{'path': '../other', 'type': 'a.Pooling'}] | leaves the directory: ../other",
        "[{'path': '2_Other', 'type': 'a.Pooling'}] | there is no file",
        "[{'path': '2', 'type': 'a.Dense'}, " + POOLING + "] | 2 in the wrong place",
        "[" + POOLING + ", " + POOLING + "] | 1_Pooling in the wrong place",
        "{} | should hold one JSON array",
      })
  @DisplayName("that cannot be served are refused with the reason")
  void mistakes(String modules, String message) throws IOException {
    write("modules.json", modules);
    AttentionException e = assertThrows(AttentionException.class, this::read);
    assertTrue(String.valueOf(e.getMessage()).contains(message), e.getMessage());
  }

  @Test
  @DisplayName("must name a way to pool")
  void noMode() throws IOException {
    write("modules.json", "[" + POOLING + "]");
    write("1_Pooling/config.json", "{'pooling_mode_cls_token': false}");
    FileFormatException e = assertThrows(FileFormatException.class, this::read);
    assertTrue(
        String.valueOf(e.getMessage()).contains("'pooling_mode' should be some of [cls_token, max"),
        e.getMessage());
  }
}
