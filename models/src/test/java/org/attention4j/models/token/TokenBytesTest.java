package org.attention4j.models.token;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.attention4j.error.UsageException;
import org.attention4j.models.store.JsonFile;
import org.junit.jupiter.api.Test;

/** The bytes of a text's tokens, one after the other, are the text. */
class TokenBytesTest {
  private static final String TEXT = "{\"año\": [1,\n\t\"€ 😀\"]}";

  private static JsonTokenizer tokenizer(String json) {
    JsonNode tree = JsonFile.parse(json);
    return JsonTokenizer.of(Path.of("tokenizer.json"), tree, OptionalInt.empty());
  }

  private static String text(Tokenizer tokenizer, long... ids) {
    List<byte[]> texts = TokenBytes.of(tokenizer);
    assertEquals(tokenizer.size(), texts.size());
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (long id : ids) {
      all.writeBytes(texts.get((int) id));
    }
    return all.toString(StandardCharsets.UTF_8);
  }

  /** Every byte as GPT-2 writes it: the inverse of what is tested, by the rule of the paper. */
  private static String visibleBytes() {
    StringBuilder tokens = new StringBuilder();
    int hidden = 0;
    for (int b = 0; b < 256; b++) {
      boolean visible = (b >= 0x21 && b <= 0x7e) || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
      String token = Character.toString(visible ? b : 256 + hidden++);
      tokens.append(JsonFile.text(JsonFile.tree(token)).strip()).append(':').append(b).append(',');
    }
    return tokens.toString();
  }

  @Test
  void ofBytesThatAreWrittenVisibly() {
    String json =
        "{\"model\": {\"type\": \"BPE\", \"vocab\": {"
            + visibleBytes()
            + "\"Ġ\\\"\": 256}, \"merges\": [\"Ġ \\\"\"]}, \"pre_tokenizer\": {\"type\":"
            + " \"ByteLevel\", \"add_prefix_space\": false, \"trim_offsets\": false, \"use_regex\":"
            + " false}, \"decoder\": {\"type\": \"ByteLevel\", \"add_prefix_space\": true,"
            + " \"trim_offsets\": true, \"use_regex\": true}, \"added_tokens\": [{\"id\": 257,"
            + " \"content\": \"<é>\", \"special\": false, \"single_word\": false, \"lstrip\":"
            + " false, \"rstrip\": false, \"normalized\": false}, {\"id\": 258, \"content\":"
            + " \"<end>\", \"special\": true, \"single_word\": false, \"lstrip\": false,"
            + " \"rstrip\": false, \"normalized\": false}]}";
    try (JsonTokenizer tokenizer = tokenizer(json)) {
      long[] ids = tokenizer.encode(TEXT);
      assertEquals(TEXT, tokenizer.decode(ids));
      assertEquals(TEXT, text(tokenizer, ids));
      assertEquals("<é>", text(tokenizer, 257, 258));
    }
  }

  @Test
  void ofPiecesWithMarksForBlanksAndBytesByNumber() {
    String json =
        "{\"model\": {\"type\": \"Unigram\", \"unk_id\": 0, \"byte_fallback\": true, \"vocab\":"
            + " [[\"<unk>\", 0], [\"▁el\", -1], [\"▁\", -2], [\"<0xE2>\", -9], [\"<0x82>\", -9],"
            + " [\"<0xAC>\", -9], [\"o\", -1]]}, \"decoder\": {\"type\": \"Sequence\","
            + " \"decoders\": [{\"type\": \"Replace\", \"pattern\": {\"String\": \"▁\"},"
            + " \"content\": \" \"}, {\"type\": \"ByteFallback\"}, {\"type\": \"Fuse\"}, {\"type\":"
            + " \"Strip\", \"content\": \" \", \"start\": 1, \"stop\": 0}]}, \"added_tokens\":"
            + " [{\"id\": 0, \"content\": \"<unk>\", \"special\": true, \"single_word\": false,"
            + " \"lstrip\": false, \"rstrip\": false, \"normalized\": false}]}";
    try (JsonTokenizer tokenizer = tokenizer(json)) {
      long[] ids = {1, 3, 4, 5, 2, 6, 1, 0};
      assertEquals(" el€ o el", text(tokenizer, ids));
      assertEquals("el€ o el", tokenizer.decode(ids)); // which cuts the first blank
    }
  }

  @Test
  void ofCharacters() {
    try (Tokenizer tokenizer = CharTokenizer.of(TEXT, true)) {
      assertEquals(TEXT, text(tokenizer, tokenizer.encode(TEXT)));
      assertEquals("", text(tokenizer, 0, 1, 2));
    }
  }

  @Test
  void wordsHaveNoTextOfTheirOwn() {
    try (Tokenizer words = WordTokenizer.of("el gato", true)) {
      assertThrows(UsageException.class, () -> TokenBytes.of(words));
    }
    String pieces =
        "{\"model\": {\"type\": \"WordPiece\", \"unk_token\": \"[UNK]\","
            + " \"continuing_subword_prefix\": \"##\", \"max_input_chars_per_word\": 100,"
            + " \"vocab\": {\"[UNK]\": 0, \"a\": 1}}, \"decoder\": {\"type\": \"WordPiece\","
            + " \"prefix\": \"##\", \"cleanup\": true}}";
    try (JsonTokenizer tokenizer = tokenizer(pieces)) {
      assertThrows(UsageException.class, () -> TokenBytes.of(tokenizer));
    }
  }
}
