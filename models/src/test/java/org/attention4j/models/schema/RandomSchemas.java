package org.attention4j.models.schema;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Random;
import org.attention4j.models.store.JsonFile;

/** Schemas of everything that is read, at random, with references to each other. */
final class RandomSchemas {
  private static final List<String> NAMES = List.of("a", "ab", "name", "é\"x", "~/", "");
  private static final List<String> PATTERNS =
      List.of("^[a-z]{2,5}$", "\\d+", "^a|\"$", "[^\"]\\\\?", "^(ab|€){1,3}$", "^.{0,4}$", "^\\s");

  private final Random random;

  RandomSchemas(long seed) {
    this.random = new Random(seed);
  }

  ObjectNode next() {
    ObjectNode root = schema(3);
    ObjectNode definitions = root.putObject("$defs");
    definitions.set("x", schema(2));
    ObjectNode list = definitions.putObject("y"); // one that may hold itself
    list.put("type", "object");
    list.putObject("properties").putObject("next").put("$ref", "#/$defs/y");
    list.withObject("properties").set("value", schema(1));
    list.putArray("required").add("value");
    return root;
  }

  private ObjectNode schema(int depth) {
    ObjectNode schema = JsonFile.object();
    switch (random.nextInt(depth > 0 ? 12 : 7)) {
      case 0 -> string(schema);
      case 1 -> number(schema, "integer");
      case 2 -> number(schema, "number");
      case 3 -> schema.put("type", random.nextBoolean() ? "boolean" : "null");
      case 4 ->
          schema.putArray("enum").add("x\n\"").add(3).addNull().add(true).addObject().put("é", 1.5);
      case 5 -> schema.putArray("const").add("a").add(-2);
      case 6 -> schema.putArray("type").add("string").add("integer").add("null");
      case 7, 8 -> object(schema, depth);
      case 9 -> array(schema, depth);
      case 10 ->
          schema.putArray("anyOf").add(schema(depth - 1)).add(schema(depth - 1)).add(schema(0));
      default -> {
        if (random.nextInt(4) > 0) {
          schema.put("$ref", random.nextBoolean() ? "#/$defs/y" : "#/$defs/x");
        }
      }
    }
    schema.put("description", "of depth " + depth);
    return schema;
  }

  private void string(ObjectNode schema) {
    schema.put("type", "string");
    switch (random.nextInt(3)) {
      case 0 -> {
        int least = random.nextInt(4);
        schema.put("minLength", least).put("maxLength", least + random.nextInt(5));
      }
      case 1 -> schema.put("pattern", PATTERNS.get(random.nextInt(PATTERNS.size())));
      default -> schema.put("title", "any");
    }
  }

  private void number(ObjectNode schema, String type) {
    schema.put("type", type);
    int low = random.nextInt(2_000) - 1_000;
    if (random.nextBoolean()) {
      schema.put(random.nextBoolean() ? "minimum" : "exclusiveMinimum", low);
    }
    if (random.nextBoolean()) {
      schema.put(
          random.nextBoolean() ? "maximum" : "exclusiveMaximum", low + 2 + random.nextInt(500));
    }
  }

  private void object(ObjectNode schema, int depth) {
    schema.put("type", "object");
    ObjectNode properties = schema.putObject("properties");
    ArrayNode required = JsonFile.object().putArray("required");
    for (String name : NAMES) {
      if (random.nextInt(3) == 0) {
        properties.set(name, schema(depth - 1));
        if (random.nextBoolean()) {
          required.add(name);
        }
      }
    }
    if (random.nextInt(3) == 0) {
      required.add("further");
    }
    schema.set("required", required);
    switch (random.nextInt(required.toString().contains("further") ? 2 : 3)) {
      case 0 -> schema.set("additionalProperties", schema(0));
      case 1 -> schema.put("additionalProperties", true);
      default -> schema.put("additionalProperties", false);
    }
  }

  private void array(ObjectNode schema, int depth) {
    schema.put("type", "array");
    int least = random.nextInt(3);
    schema.put("minItems", least);
    if (random.nextBoolean()) {
      schema.put("maxItems", least + random.nextInt(3));
    }
    if (random.nextBoolean()) {
      schema.set("items", schema(depth - 1));
    }
    if (random.nextInt(3) == 0) {
      schema.putArray("prefixItems").add(schema(0)).add(schema(depth - 1));
    }
  }
}
