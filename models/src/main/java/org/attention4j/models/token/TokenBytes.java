package org.attention4j.models.token;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.attention4j.error.UsageException;

/**
 * The bytes that each token of a vocabulary adds to a text, which may be a part of a character.
 * Read from what a {@code tokenizer.json} says of its decoder.
 */
public final class TokenBytes {
  private static final Pattern BYTE = Pattern.compile("<0x([0-9A-Fa-f]{2})>");
  private static final Set<String> PLAIN = Set.of("Fuse", "Strip", "ByteFallback", "Sequence");
  private static final int BYTES = 256;
  private static final byte[] NONE = {};

  private TokenBytes() {}

  /**
   * By id; empty for special tokens, which are no text.
   *
   * @throws UsageException if the text of a token depends on its neighbours
   */
  public static List<byte[]> of(Tokenizer tokenizer) {
    if (tokenizer instanceof JsonTokenizer json) {
      return of(json);
    }
    if (!(tokenizer instanceof CharTokenizer)) {
      throw new UsageException(
          "tokens with blanks between them, as of "
              + tokenizer.description()
              + ", cannot be held to a grammar");
    }
    List<byte[]> texts = new ArrayList<>();
    for (long id = 0; id < tokenizer.size(); id++) {
      texts.add(tokenizer.decode(id).getBytes(StandardCharsets.UTF_8));
    }
    return texts;
  }

  private static List<byte[]> of(JsonTokenizer tokenizer) {
    JsonNode json = tokenizer.json();
    List<JsonNode> decoders = new ArrayList<>();
    flatten(json.path("decoder"), decoders);
    Set<Long> added = new HashSet<>();
    Set<Long> special = new HashSet<>();
    for (JsonNode token : json.path("added_tokens")) {
      added.add(token.path("id").asLong());
      if (token.path("special").asBoolean()) {
        special.add(token.path("id").asLong());
      }
    }
    boolean byteLevel = decoders.stream().anyMatch(d -> type(d).equals("ByteLevel"));
    check(tokenizer, decoders);
    List<byte[]> texts = new ArrayList<>();
    SortedMap<Long, String> labels = tokenizer.labels();
    for (long id = 0; id < tokenizer.size(); id++) {
      String label = labels.get(id);
      if (label == null || special.contains(id)) {
        texts.add(NONE);
      } else if (added.contains(id)) {
        texts.add(label.getBytes(StandardCharsets.UTF_8));
      } else {
        texts.add(byteLevel ? byteLevel(label) : pieces(label, decoders));
      }
    }
    return texts;
  }

  private static String type(JsonNode decoder) {
    return decoder.path("type").asText();
  }

  private static void flatten(JsonNode decoder, List<JsonNode> all) {
    if (type(decoder).equals("Sequence")) {
      decoder.path("decoders").forEach(part -> flatten(part, all));
    } else {
      all.add(decoder);
    }
  }

  private static void check(JsonTokenizer tokenizer, List<JsonNode> decoders) {
    for (JsonNode decoder : decoders) {
      boolean replaces =
          type(decoder).equals("Replace") && decoder.path("pattern").path("String").isTextual();
      if (!replaces
          && !PLAIN.contains(type(decoder))
          && !Set.of("ByteLevel", "Metaspace").contains(type(decoder))) {
        throw new UsageException(
            tokenizer.description()
                + ": the decoder "
                + (decoder.isObject() ? type(decoder) : "(none)")
                + " makes a token's text depend on its neighbours, which cannot be held to a"
                + " grammar");
      }
    }
  }

  /** What SentencePiece's tokens stand for: a mark for the blank, and bytes by number. */
  private static byte[] pieces(String label, List<JsonNode> decoders) {
    String text = label;
    for (JsonNode decoder : decoders) {
      switch (type(decoder)) {
        case "ByteFallback" -> {
          Matcher matcher = BYTE.matcher(text);
          if (matcher.matches()) {
            return new byte[] {(byte) Integer.parseInt(matcher.group(1), 16)};
          }
        }
        case "Metaspace" -> text = text.replace(decoder.path("replacement").asText("\u2581"), " ");
        case "Replace" ->
            text =
                text.replace(
                    decoder.path("pattern").path("String").asText(),
                    decoder.path("content").asText());
        default -> {} // what is left cuts the beginning of whole texts only
      }
    }
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** What GPT-2's tokens stand for: one visible character for each byte (Radford et al. 2019). */
  private static byte[] byteLevel(String label) {
    int[] characters = label.codePoints().toArray();
    byte[] bytes = new byte[characters.length];
    for (int i = 0; i < bytes.length; i++) {
      Integer value = Visible.BYTES_OF.get(characters[i]);
      if (value == null) { // no byte level's token
        return label.getBytes(StandardCharsets.UTF_8);
      }
      bytes[i] = value.byteValue();
    }
    return bytes;
  }

  /** Bytes that are visible characters of Latin-1 stand for themselves, others for 256 and on. */
  private static final class Visible {
    private static final Map<Integer, Integer> BYTES_OF = map();

    private static Map<Integer, Integer> map() {
      Map<Integer, Integer> map = new HashMap<>();
      int next = BYTES;
      for (int b = 0; b < BYTES; b++) {
        boolean visible = (b > ' ' && b < 0x7f) || (b > 0xa0 && b != 0xad);
        map.put(visible ? b : next++, b);
      }
      return map;
    }
  }
}
