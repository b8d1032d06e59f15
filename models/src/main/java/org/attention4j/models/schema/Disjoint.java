package org.attention4j.models.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashSet;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * Whether no document is of two schemas, as {@code oneOf} wants it, by what they say outright:
 * other types, other values, or a required property with other values (which tells them apart).
 *
 * @param resolve follows references
 */
record Disjoint(UnaryOperator<JsonNode> resolve) {

  boolean of(JsonNode first, JsonNode second) {
    JsonNode a = resolve.apply(first);
    JsonNode b = resolve.apply(second);
    if (!a.isObject() || !b.isObject()) {
      return false;
    }
    return apart(types(a), types(b)) || apart(values(a), values(b)) || toldApart(a, b);
  }

  private static boolean apart(Set<?> a, Set<?> b) {
    return !a.isEmpty() && !b.isEmpty() && a.stream().noneMatch(b::contains);
  }

  /** Empty for any. */
  private static Set<String> types(JsonNode schema) {
    Set<String> types = new HashSet<>();
    JsonNode given = schema.path("type");
    if (given.isTextual()) {
      types.add(given.asText());
    }
    given.forEach(type -> types.add(type.asText()));
    if (types.remove("integer")) {
      types.add("number");
    }
    return types;
  }

  /** Empty for any. */
  private static Set<JsonNode> values(JsonNode schema) {
    Set<JsonNode> values = new HashSet<>();
    schema.path("enum").forEach(values::add);
    if (schema.has("const")) {
      values.add(schema.get("const"));
    }
    return values;
  }

  private boolean toldApart(JsonNode a, JsonNode b) {
    for (JsonNode name : a.path("required")) {
      JsonNode own = resolve.apply(a.path("properties").path(name.asText()));
      JsonNode other = resolve.apply(b.path("properties").path(name.asText()));
      if (apart(values(own), values(other))
          && types(a).equals(Set.of("object"))
          && types(b).equals(Set.of("object"))) {
        return true;
      }
    }
    return false;
  }
}
