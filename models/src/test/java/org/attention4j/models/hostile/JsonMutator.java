package org.attention4j.models.hostile;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.POJONode;
import com.fasterxml.jackson.databind.util.RawValue;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Damages what a JSON file says: values, names and structure. The text often stays JSON. */
final class JsonMutator {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private static final List<String> NUMBERS =
      List.of(
          "0",
          "1",
          "2",
          "3",
          "5",
          "7",
          "64",
          "1000",
          "-1",
          "-7",
          "0.5",
          "-0.0",
          "1e-300",
          "1e9",
          "1000000",
          "100000000",
          "1000000000",
          "1000000000000",
          "2147483647",
          "2147483648",
          "4294967296",
          "-2147483648",
          "9223372036854775807",
          "-9223372036854775808",
          "18446744073709551616",
          "1e308",
          "1e400",
          "NaN",
          "Infinity",
          "1".repeat(5000));

  private static final List<String> OTHERS =
      List.of(
          "null",
          "true",
          "false",
          "\"\"",
          "\"a\"",
          "\"\\u0000\"",
          "\"\\ud800\"",
          "\"../../../etc/passwd\"",
          "\"/etc/passwd\"",
          "\"{{ 1 }}\"",
          "\"" + "long ".repeat(20_000) + "\"",
          "[]",
          "{}",
          "[[]]",
          "[null]",
          "[0]",
          "[-1, 9223372036854775807]",
          "[" + "0, ".repeat(2_000) + "0]",
          "[4611686018427387904, 4611686018427387904]",
          "{\"a\": {}}",
          "[".repeat(20_000) + "]".repeat(20_000),
          "{\"a\":".repeat(20_000) + "1" + "}".repeat(20_000));

  private final Random random;
  private final List<Place> places = new ArrayList<>();

  private JsonMutator(Random random) {
    this.random = random;
  }

  /**
   * An entry of an object or array.
   *
   * @param key empty in an array
   */
  private record Place(JsonNode parent, String key, int index, JsonNode value) {
    void set(JsonNode other) {
      if (parent instanceof ObjectNode object) {
        object.set(key, other);
      } else if (parent instanceof ArrayNode array) {
        array.set(index, other);
      }
    }

    void remove() {
      if (parent instanceof ObjectNode object) {
        object.remove(key);
      } else if (parent instanceof ArrayNode array) {
        array.remove(index);
      }
    }

    @Override
    public String toString() {
      return key.isEmpty() ? "[" + index + "]" : key;
    }
  }

  /** The whole of {@code json} with one to three changes. */
  static Mutation of(byte[] json, Random random) {
    try {
      JsonNode root = MAPPER.readTree(json);
      JsonMutator mutator = new JsonMutator(random);
      List<String> changes = new ArrayList<>();
      for (int i = random.nextInt(4) == 0 ? 2 : 0; i >= 0; i--) {
        mutator.places.clear();
        mutator.find(root);
        if (!mutator.places.isEmpty()) {
          changes.add(mutator.change());
        }
      }
      String text = MAPPER.writeValueAsString(root);
      return new Mutation(String.join(", ", changes), text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new AssertionError("the original should be JSON", e);
    }
  }

  private void find(JsonNode node) {
    if (node instanceof ObjectNode object) {
      for (Map.Entry<String, JsonNode> entry : object.properties()) {
        places.add(new Place(node, entry.getKey(), 0, entry.getValue()));
        find(entry.getValue());
      }
    } else if (node instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        places.add(new Place(node, "", i, array.get(i)));
        find(array.get(i));
      }
    }
  }

  /** Small parts of large files are as likely as others. */
  private Place place() {
    Place place = places.get(random.nextInt(places.size()));
    for (int i = 0; i < 3 && place.key().isEmpty(); i++) {
      place = places.get(random.nextInt(Math.min(places.size(), 200)));
    }
    return place;
  }

  private String change() throws JsonProcessingException {
    Place place = place();
    switch (random.nextInt(8)) {
      case 0 -> {
        place.remove();
        return place + " removed";
      }
      case 1 -> {
        String value = one(OTHERS);
        place.set(raw(value));
        return place + " is " + shortened(value);
      }
      case 2 -> {
        Place other = place();
        place.set(other.value().deepCopy());
        return place + " is that of " + other;
      }
      case 3 -> {
        if (place.value() instanceof ObjectNode object && !object.isEmpty()) {
          String text = MAPPER.writeValueAsString(object);
          String first = MAPPER.writeValueAsString(object.fieldNames().next());
          place.set(raw(text.substring(0, text.length() - 1) + ", " + first + ": 1}"));
          return "a name twice in " + place;
        }
        place.set(raw("[" + MAPPER.writeValueAsString(place.value()) + "]"));
        return place + " in a list";
      }
      case 4 -> {
        if (place.parent() instanceof ObjectNode object) {
          String name = random.nextBoolean() ? place.key() + "_" : "../" + place.key();
          object.remove(place.key());
          object.set(name, place.value());
          return place + " is called " + name;
        }
        place.set(raw(one(NUMBERS)));
        return place + " is a number";
      }
      default -> {
        return number(place);
      }
    }
  }

  private String number(Place first) {
    Place place = first;
    for (int i = 0; i < 20 && !place.value().isNumber(); i++) {
      place = place();
    }
    String value = one(NUMBERS);
    if (place.value().isIntegralNumber() && random.nextInt(3) == 0) {
      BigInteger old = place.value().bigIntegerValue();
      value =
          switch (random.nextInt(5)) {
            case 0 -> old.add(BigInteger.ONE).toString();
            case 1 -> old.subtract(BigInteger.ONE).toString();
            case 2 -> old.shiftLeft(1).toString();
            case 3 -> old.negate().toString();
            default -> old.multiply(BigInteger.valueOf(1_000_003)).toString();
          };
    }
    place.set(raw(value));
    return place + " is " + shortened(value);
  }

  private String one(List<String> of) {
    return of.get(random.nextInt(of.size()));
  }

  private static JsonNode raw(String text) {
    return new POJONode(new RawValue(text));
  }

  private static String shortened(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "... (" + text.length() + ")";
  }
}
