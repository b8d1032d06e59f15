package org.attention4j.models.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.attention4j.error.UsageException;
import org.attention4j.generate.grammar.Grammar;
import org.attention4j.generate.grammar.TokenLanguage;
import org.attention4j.generate.grammar.TokenTexts;
import org.attention4j.models.store.JsonFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every text of a schema's grammar is a document of the schema. */
class JsonSchemaTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int SCHEMAS = 250;

  /** All bytes, and pieces as a vocabulary has them, some of which go across JSON's borders. */
  private static List<byte[]> vocabulary() {
    List<byte[]> tokens = new ArrayList<>();
    for (int b = 0; b < 256; b++) {
      tokens.add(new byte[] {(byte) b});
    }
    for (String piece :
        "{\" \": \", {} [] [[ ]] }} true false null 12 .5 e+ \\u0 \\n \"a\" ab€ €\" é 😀 name\": , -"
            .split(" ", -1)) {
      tokens.add(piece.getBytes(StandardCharsets.UTF_8));
    }
    return tokens;
  }

  private static String write(
      TokenLanguage language, List<byte[]> vocabulary, int limit, Random random) {
    long[] tokens = {};
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    while (tokens.length < limit && !language.isOver(tokens, 0, limit - tokens.length)) {
      double[] scores = random.doubles(vocabulary.size()).toArray();
      language.restrict(scores, tokens, 0, limit - tokens.length, Set.of());
      int best = 0;
      for (int i = 1; i < scores.length; i++) {
        best = scores[i] > scores[best] ? i : best;
      }
      tokens = Arrays.copyOf(tokens, tokens.length + 1);
      tokens[tokens.length - 1] = best;
      text.writeBytes(vocabulary.get(best));
    }
    return text.toString(StandardCharsets.UTF_8);
  }

  @Test
  void textsOfRandomSchemasAreTheirDocuments() throws IOException {
    List<byte[]> vocabulary = vocabulary();
    TokenTexts texts = TokenTexts.of(vocabulary);
    RandomSchemas schemas = new RandomSchemas(5);
    Random random = new Random(6);
    for (int n = 0; n < SCHEMAS; n++) {
      ObjectNode schema = schemas.next();
      TokenLanguage language = TokenLanguage.of(JsonSchema.grammar(schema), texts);
      SchemaCheck check = new SchemaCheck(schema);
      for (int i = 0; i < 4; i++) {
        String text = write(language, vocabulary, 250, random);
        JsonNode document = JSON.readTree(text);
        assertTrue(check.valid(document), () -> text + " of " + schema);
      }
    }
  }

  /** What holds texts to their schemas can tell that one is not of it. */
  @Test
  void theCheckRefusesOtherDocuments() throws IOException {
    int refused = 0;
    RandomSchemas schemas = new RandomSchemas(8);
    for (int n = 0; n < 100; n++) {
      ObjectNode schema = schemas.next();
      for (String other : List.of("[[[]]]", "{\"zz\": 1}", "\"...\"", "1e9")) {
        boolean valid = new SchemaCheck(schema).valid(JSON.readTree(other));
        refused += valid ? 0 : 1;
        assertTrue(valid || !JsonSchema.grammar(schema).matches(other), () -> other + schema);
      }
    }
    assertTrue(refused > 200, "only " + refused);
  }

  private static Grammar grammar(String schema) {
    return JsonSchema.grammar(JsonFile.parse(schema));
  }

  private static void assertTexts(String schema, List<String> in, List<String> out) {
    Grammar grammar = grammar(schema);
    in.forEach(text -> assertTrue(grammar.matches(text), text + " of " + schema));
    out.forEach(text -> assertFalse(grammar.matches(text), text + " of " + schema));
  }

  @Test
  void documentsAreInTheGrammar() {
    assertTexts(
        """
        {"type": "object", "required": ["b"], "properties":
          {"a": {"type": "integer"}, "b": {"type": "boolean"}, "c": {"enum": ["x", null]}}}\
        """,
        List.of(
            "{\"b\":true}", "{\"a\": -1, \"b\": false,\"c\": null}", "{\"b\":true,\"c\":\"x\"}"),
        List.of(
            "{}",
            "{\"a\":1}",
            "{\"b\":true,}",
            "{,\"b\":true}",
            "{\"b\":true,\"a\":1}",
            "{\"b\":true,\"d\":1}"));
    assertTexts(
        "{\"type\": \"object\", \"additionalProperties\": {\"type\": \"null\"}, \"maxProperties\":"
            + " 2}",
        List.of("{}", "{\"x\":null}", "{\"x\":null, \"y\":null}"),
        List.of("{\"x\":1}", "{\"x\":null,\"y\":null,\"z\":null}"));
    assertTexts(
        "{\"properties\": {\"ab\": {\"const\": 1}}, \"additionalProperties\": {\"const\": 2}}",
        List.of("{\"ab\":1}", "{\"a\":2}", "{\"abc\":2}", "{\"ab\":1,\"\":2}", "{}"),
        List.of("{\"ab\":2}", "{\"a\":1}", "{\"\\u0061b\":2}"));
    assertTexts(
        "{\"type\": \"array\", \"prefixItems\": [{\"const\": 1}, {\"const\": 2}], \"items\":"
            + " {\"const\": 3}, \"minItems\": 1, \"maxItems\": 4}",
        List.of("[1]", "[1,2]", "[1, 2, 3]", "[1,2,3,3]"),
        List.of("[]", "[2]", "[1,3]", "[1,2,3,3,3]"));
    assertTexts(
        "{\"type\": \"string\", \"minLength\": 2, \"maxLength\": 3}",
        List.of("\"ab\"", "\"€😀é\"", "\"\\n\\u00e9\"", "\"\\ud83d\\ude00x\""),
        List.of("\"a\"", "\"abcd\"", "\"a\\ud83d\"", "\"a\nb\"", "\"\\x\"", "ab"));
    assertTexts(
        "{\"type\": \"string\", \"format\": \"date-time\"}",
        List.of("\"2024-01-31T23:59:59Z\"", "\"2024-02-28T00:00:00.5+01:00\""),
        List.of("\"2024-02-30T00:00:00Z\"", "\"2024-13-01T00:00:00Z\"", "\"2024-01-01\""));
    assertTexts(
        "{\"type\": \"string\", \"pattern\": \"^\\\"?\\\\s$\"}",
        List.of("\"\\\"\\n\"", "\" \"", "\"\\t\""),
        List.of("\"\"\n\"", "\"a\"", "\"\""));
    assertTexts(
        """
        {"oneOf": [{"type": "null"}, {"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}], "$defs": {
          "a": {"type": "object", "required": ["k"], "properties": {"k": {"const": "a"}}},
          "b": {"type": "object", "required": ["k"], "properties": {"k": {"const": "b"}}}}}\
        """,
        List.of("null", "{\"k\":\"a\"}", "{\"k\":\"b\"}"),
        List.of("{}", "{\"k\":\"c\"}"));
    assertTexts(
        "true", List.of("{\"a\": [1.5e-3, {}, []]}", "null", "\"\""), List.of("[1,]", "tru"));
  }

  @Test
  void boundsOfNumbersAreKeptExactly() {
    Random random = new Random(7);
    for (int n = 0; n < 60; n++) {
      int low = random.nextInt(400) - 200;
      int high = low + random.nextInt(120);
      Grammar integers =
          grammar(
              "{\"type\":\"integer\",\"minimum\":"
                  + low
                  + ",\"exclusiveMaximum\":"
                  + (high + 1)
                  + "}");
      for (int value = low - 30; value <= high + 30; value++) {
        assertEquals(
            low <= value && value <= high, integers.matches("" + value), low + " " + value);
      }
      Grammar numbers =
          grammar(
              "{\"type\":\"number\",\"exclusiveMinimum\":" + low + ",\"maximum\":" + high + "}");
      for (int tenths = 10 * low - 25; tenths <= 10 * high + 25; tenths += 5) {
        String text = (tenths < 0 ? "-" : "") + Math.abs(tenths) / 10 + "." + Math.abs(tenths) % 10;
        boolean in = low * 10 < tenths && tenths <= high * 10;
        assertTrue(in || !numbers.matches(text), low + " " + high + " " + text);
        assertTrue(!in || numbers.matches(text) || tenths % 10 == 0, low + " " + high + " " + text);
      }
    }
    assertTexts("{\"minimum\": 0}", List.of("0", "0.5", "123456.75"), List.of("-1", "-0.5"));
  }

  @Test
  void recursiveSchemasAreReadWithTheirBrackets() {
    String tree =
        """
        {"$ref": "#/definitions/tree", "definitions": {"tree": {"type": "object", "required":
          ["children"], "properties": {"children": {"type": "array", "items": {"$ref":
          "#/definitions/tree"}}}}}}\
        """;
    assertTexts(
        tree,
        List.of("{\"children\":[]}", "{\"children\":[{\"children\":[]},{\"children\":[]}]}"),
        List.of("{\"children\":[}", "{}", "{\"children\":[{\"children\":[]}}"));
  }

  @Test
  void whatIsNotReadIsNamedWithItsPlace(@TempDir Path directory) throws IOException {
    Map<String, String> refused =
        Map.ofEntries(
            Map.entry(
                "{\"properties\":{\"a\":{\"not\":{}}}}", "#/properties/a has the keyword 'not'"),
            Map.entry(
                "{\"items\":{\"type\":\"number\",\"multipleOf\":2}}",
                "#/items has the keyword 'multipleOf'"),
            Map.entry(
                "{\"anyOf\":[{}],\"type\":\"string\"}",
                "'type', which is not supported beside anyOf"),
            Map.entry("{\"oneOf\":[{\"type\":\"number\"},{\"type\":\"integer\"}]}", "may fit both"),
            Map.entry("{\"allOf\":[{},{}]}", "'allOf' of more than one"),
            Map.entry("{\"$ref\":\"https://example.org/x\"}", "only places in the schema itself"),
            Map.entry("{\"$ref\":\"#/$defs/x\"}", "is not there"),
            Map.entry("{\"$ref\":\"#\"}", "stands for itself"),
            Map.entry("{\"type\":\"text\"}", "the type \"text\""),
            Map.entry("{\"pattern\":\"(?=a)\"}", "'pattern' that cannot be read"),
            Map.entry("{\"pattern\":\"a\",\"maxLength\":3}", "more than one of"),
            Map.entry("{\"format\":\"hostname\"}", "the format \"hostname\""),
            Map.entry("{\"minLength\":-1}", "no number from 0 on"),
            Map.entry("{\"minItems\":3,\"maxItems\":2}", "'minItems' above 'maxItems'"),
            Map.entry("{\"minimum\":0.5}", "without a fraction"),
            Map.entry("{\"enum\":[]}", "no text at all"),
            Map.entry("{\"type\":\"integer\",\"minimum\":3,\"maximum\":2}", "no text at all"),
            Map.entry("[1]", "not an object, true or false"));
    refused.forEach(
        (schema, part) -> {
          UsageException e = assertThrows(UsageException.class, () -> grammar(schema), schema);
          assertTrue(String.valueOf(e.getMessage()).contains(part), e.getMessage());
        });
    Path file = directory.resolve("s.json");
    Files.writeString(file, "{\"not\": {}}");
    UsageException e = assertThrows(UsageException.class, () -> JsonSchema.read(file));
    assertTrue(String.valueOf(e.getMessage()).startsWith(file.toString()), e.getMessage());
  }
}
