package org.attention4j.models.token;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.attention4j.models.store.JsonFile;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Recorded tokenizers give the recorded ids, tokens, offsets, types and texts. */
class GoldenTokenizersTest {

  static Stream<Path> directories() throws IOException {
    String golden = System.getProperty("attention4j.golden", "");
    List<Path> all = new ArrayList<>();
    for (String folder : List.of("src/test/resources", golden)) {
      if (!folder.isEmpty()) {
        try (Stream<Path> found = Files.list(Path.of(folder, "tokenizers"))) {
          found.filter(Files::isDirectory).sorted().forEach(all::add);
        }
      }
    }
    return all.stream();
  }

  private static long[] ids(JsonNode list) {
    long[] ids = new long[list.size()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = list.path(i).asLong();
    }
    return ids;
  }

  @ParameterizedTest
  @MethodSource("directories")
  void textsBecomeTheRecordedTokensAndComeBack(Path directory) {
    JsonNode expected = JsonFile.read(directory.resolve("expected.json"));
    try (JsonTokenizer tokenizer = JsonTokenizer.load(directory.resolve("tokenizer.json"))) {
      for (JsonNode one : expected.path("encodings")) {
        String text = one.path("text").asText();
        Encoding encoding = tokenizer.encoding(text);
        assertEquals(one.path("ids").toString(), json(encoding.ids()), text);
        assertEquals(one.path("tokens"), JsonFile.tree(encoding.tokens()), text);
        assertEquals(
            one.path("offsets").toString(),
            json(encoding.offsets().stream().map(o -> List.of(o.start(), o.end())).toList()),
            text);
        assertEquals(one.path("type_ids").toString(), json(encoding.typeIds()), text);
        assertEquals(
            one.path("special_tokens_mask").toString(),
            json(encoding.special().stream().map(s -> s ? 1 : 0).toList()),
            text);
        assertArrayEquals(ids(one.path("ids")), tokenizer.encodeForModel(text), text);
        assertArrayEquals(ids(one.path("ids_without_special")), tokenizer.encode(text), text);
        long[] ids = ids(one.path("ids"));
        assertEquals(one.path("decoded").asText(), tokenizer.decode(ids));
        assertEquals(one.path("decoded_with_special").asText(), tokenizer.decodeWithSpecials(ids));
      }
      assertTrue(expected.path("encodings").size() > 10);
      for (JsonNode pair : expected.path("pairs")) {
        Encoding encoding = tokenizer.encoding(pair.path("a").asText(), pair.path("b").asText());
        assertEquals(pair.path("ids").toString(), json(encoding.ids()));
        assertEquals(pair.path("type_ids").toString(), json(encoding.typeIds()));
      }
    }
  }

  private static String json(List<?> list) {
    return list.toString().replace(" ", "");
  }

  @ParameterizedTest
  @MethodSource("directories")
  void tokensOneByOneGiveTheSameTextAndNoHalfCharacter(Path directory) {
    JsonNode expected = JsonFile.read(directory.resolve("expected.json"));
    boolean tidies = directory.endsWith("wordpiece_uncased"); // takes back spaces it has told
    try (Tokenizer tokenizer = JsonTokenizer.load(directory.resolve("tokenizer.json"))) {
      for (JsonNode one : expected.path("encodings")) {
        StreamingDecoder decoder = new StreamingDecoder(tokenizer);
        StringBuilder text = new StringBuilder();
        for (long id : ids(one.path("ids"))) {
          String piece = decoder.add(id);
          assertFalse(piece.endsWith("\uFFFD"), piece);
          text.append(piece);
        }
        text.append(decoder.rest());
        String whole = one.path("decoded").asText();
        if (!tidies) {
          assertEquals(whole, text.toString());
        } else {
          assertEquals(whole.replace(" ", ""), text.toString().replace(" ", ""));
        }
      }
    }
  }
}
