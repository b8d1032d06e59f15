package org.attention4j.models.token;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Text is told piece by piece, and characters whole. */
class StreamingDecoderTest {
  private static final Path BYTES =
      Path.of("src/test/resources/tokenizers/bpe_gpt2/tokenizer.json");

  @Test
  void aCharacterOfSeveralTokensIsToldWithTheLast() {
    try (Tokenizer tokenizer = JsonTokenizer.load(BYTES)) {
      long[] ids = tokenizer.encode("a🐟b");
      StreamingDecoder decoder = new StreamingDecoder(tokenizer);
      List<String> pieces = new ArrayList<>();
      for (long id : ids) {
        pieces.add(decoder.add(id));
      }
      assertEquals("a", pieces.get(0));
      assertEquals("b", pieces.get(pieces.size() - 1));
      assertEquals("🐟", pieces.get(pieces.size() - 2));
      assertEquals(ids.length - 3L, pieces.stream().filter(String::isEmpty).count());
    }
  }

  @Test
  void anIncompleteCharacterIsToldAtTheEnd() {
    try (Tokenizer tokenizer = JsonTokenizer.load(BYTES)) {
      long[] ids = tokenizer.encode("🐟");
      StreamingDecoder decoder = new StreamingDecoder(tokenizer);
      assertEquals("", decoder.add(ids[0]));
      assertEquals("\uFFFD", decoder.rest());
      assertEquals("", decoder.rest());
    }
  }

  @Test
  void whatFollowsABeginningKeepsItsSpace() {
    try (Tokenizer tokenizer = WordTokenizer.of("el gato come .", false)) {
      StreamingDecoder decoder = new StreamingDecoder(tokenizer, tokenizer.encode("el"));
      StringBuilder text = new StringBuilder();
      for (long id : tokenizer.encode("gato come.")) {
        text.append(decoder.add(id));
      }
      assertEquals(" gato come.", text.toString());
    }
  }
}
