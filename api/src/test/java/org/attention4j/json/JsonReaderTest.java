package org.attention4j.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.attention4j.error.FileFormatException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("JSON")
class JsonReaderTest {
  private static final Path FILE = Path.of("a.json");

  private static JsonValue parse(String text) {
    return JsonValue.parse(FILE, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  @DisplayName("values of every kind are read")
  void reads() {
    JsonValue v =
        parse(
            " { \"a\" : [ 1 , -2.5e3 , true , false , null , [ ] , { } ] , \"b\" : \"x\" }\n\t\r");
    List<JsonValue> a = v.get("a").items();
    assertEquals(1, a.get(0).asInt());
    assertEquals(-2500, a.get(1).asDouble());
    assertTrue(a.get(2).asBoolean());
    assertEquals(new JsonValue.Bool(false), a.get(3));
    assertEquals(new JsonValue.Null(), a.get(4));
    assertEquals(List.of(), a.get(5).items());
    assertEquals(Map.of(), a.get(6).fields());
    assertEquals("x", v.get("b").text());
    assertTrue(v.has("b"));
    assertThrows(IllegalStateException.class, () -> v.get("c"));
    assertThrows(IllegalStateException.class, () -> v.get("b").asLong());
  }

  @Test
  @DisplayName("strings are read with escapes, pairs and raw UTF-8")
  void strings() {
    assertEquals(
        "a\"\\/\b\f\n\r\té😀z", parse("\"a\\\"\\\\\\/\\b\\f\\n\\r\\té\\ud83d\\uDE00z\"").text());
    assertEquals("ñ😀", parse("\"ñ😀\"").text());
  }

  @Test
  @DisplayName("what is written is read back the same")
  void roundTrip() {
    String nasty = "\"\\\u0000\u001f\u007f\nñ😀\u2028/";
    String text =
        JsonWriter.write(Map.of(nasty, List.of(nasty, 1, -2L, 0.1, true, List.of(), Map.of())));
    List<JsonValue> items = parse(text).get(nasty).items();
    assertEquals(nasty, items.get(0).text());
    assertEquals(-2, items.get(2).asLong());
    assertEquals(0.1, items.get(3).asDouble());
    assertEquals(7, items.size());
    assertThrows(IllegalArgumentException.class, () -> JsonWriter.write(Double.NaN));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "}",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":1,\"a\":2}",
        "{\"a\":1,\"\\u0061\":2}",
        "01",
        "-",
        "1.",
        ".5",
        "+1",
        "1e",
        "0x1",
        "NaN",
        "Infinity",
        "tru",
        "nulL",
        "\"",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\\u12",
        "\"\n\"",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"\\ud800x\"",
        "[1] 2",
        "// c\n1",
        "\u00a01",
        "[1\u0000]"
      })
  @DisplayName("what RFC 8259 does not allow, or leaves open, is refused")
  void refuses(String text) {
    FileFormatException e = assertThrows(FileFormatException.class, () -> parse(text));
    assertTrue(e.offset().isPresent());
    assertTrue(e.offset().getAsLong() <= text.getBytes(StandardCharsets.UTF_8).length);
  }

  @Test
  @DisplayName("bytes that are not UTF-8 are refused")
  void invalidUtf8() {
    int[][] bad = {{0xff}, {0xc0, 0x80}, {0xed, 0xa0, 0x80}, {0xf4, 0x90, 0x80, 0x80}, {0xc3}};
    for (int[] bytes : bad) {
      ByteBuffer text = ByteBuffer.allocate(bytes.length + 2).put((byte) '"');
      for (int b : bytes) {
        text.put((byte) b);
      }
      text.put((byte) '"').flip();
      assertThrows(FileFormatException.class, () -> JsonValue.parse(FILE, text));
    }
  }

  @Test
  @DisplayName("nesting is read to 64 levels and refused beyond, however deep, even when skipped")
  void nesting() {
    assertEquals(1, parse("[".repeat(64) + "]".repeat(64)).items().size());
    for (String open : new String[] {"[", "{\"a\":"}) {
      String deep = open.repeat(2_000_000);
      assertThrows(FileFormatException.class, () -> parse(deep));
      JsonReader reader = new JsonReader(FILE, 0, StandardCharsets.US_ASCII.encode(deep));
      assertThrows(FileFormatException.class, reader::skip);
    }
  }

  @Test
  @DisplayName("integers are read whole and within 64 bits, or refused")
  void integers() {
    for (String good : new String[] {"0", "-1", "9223372036854775807", "-9223372036854775808"}) {
      assertEquals(Long.parseLong(good), reader(good).integer());
    }
    for (String bad : new String[] {"9223372036854775808", "1.0", "1e2", "99999999999999999999"}) {
      assertThrows(FileFormatException.class, () -> reader(bad).integer());
    }
  }

  @Test
  @DisplayName("an error counts its bytes from the start of the file")
  void offsets() {
    ByteBuffer text = StandardCharsets.UTF_8.encode("[\"é\", x]");
    JsonReader reader = new JsonReader(FILE, 100, text);
    List<String> read = new ArrayList<>();
    FileFormatException e =
        assertThrows(
            FileFormatException.class, () -> reader.array(() -> read.add(reader.string())));
    assertEquals(List.of("é"), read);
    assertEquals(107, e.offset().orElseThrow());
    assertEquals("a.json: at byte 107: expected a string; got 'x'", e.getMessage());
  }

  private static JsonReader reader(String text) {
    return new JsonReader(FILE, 0, StandardCharsets.UTF_8.encode(text));
  }
}
