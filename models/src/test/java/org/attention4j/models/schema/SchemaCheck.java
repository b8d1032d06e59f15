package org.attention4j.models.schema;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Whether a document is one of a schema: JSON Schema's rules keyword by keyword, without automata.
 */
final class SchemaCheck {
  private final JsonNode root;

  SchemaCheck(JsonNode root) {
    this.root = root;
  }

  boolean valid(JsonNode document) {
    return valid(root, document);
  }

  private boolean valid(JsonNode schema, JsonNode d) {
    if (schema.isBoolean()) {
      return schema.booleanValue();
    }
    if (schema.has("$ref")
        && !valid(root.at(JsonPointer.compile(schema.get("$ref").asText().substring(1))), d)) {
      return false;
    }
    if (schema.has("anyOf") && !any(schema.get("anyOf"), d)) {
      return false;
    }
    if (schema.has("allOf")) {
      for (JsonNode part : schema.get("allOf")) {
        if (!valid(part, d)) {
          return false;
        }
      }
    }
    if (schema.has("const") && !schema.get("const").equals(d)) {
      return false;
    }
    if (schema.has("enum") && !contains(schema.get("enum"), d)) {
      return false;
    }
    if (schema.has("type")) {
      JsonNode types = schema.get("type");
      boolean typed = false;
      for (JsonNode type : types.isArray() ? types : List.of(types)) {
        typed |= is(d, type.asText());
      }
      if (!typed) {
        return false;
      }
    }
    return d.isObject()
        ? object(schema, d)
        : d.isArray()
            ? array(schema, d)
            : d.isTextual()
                ? string(schema, d.asText())
                : !d.isNumber() || number(schema, d.decimalValue());
  }

  private boolean any(JsonNode options, JsonNode d) {
    for (JsonNode option : options) {
      if (valid(option, d)) {
        return true;
      }
    }
    return false;
  }

  private static boolean contains(JsonNode values, JsonNode d) {
    for (JsonNode value : values) {
      if (value.equals(d)) {
        return true;
      }
    }
    return false;
  }

  private static boolean is(JsonNode d, String type) {
    return switch (type) {
      case "object" -> d.isObject();
      case "array" -> d.isArray();
      case "string" -> d.isTextual();
      case "number" -> d.isNumber();
      case "integer" -> d.isIntegralNumber();
      case "boolean" -> d.isBoolean();
      default -> d.isNull();
    };
  }

  private boolean object(JsonNode schema, JsonNode d) {
    for (JsonNode name : schema.path("required")) {
      if (!d.has(name.asText())) {
        return false;
      }
    }
    if (d.size() < schema.path("minProperties").asInt(0)
        || d.size() > schema.path("maxProperties").asInt(Integer.MAX_VALUE)) {
      return false;
    }
    for (Map.Entry<String, JsonNode> member : d.properties()) {
      JsonNode own = schema.path("properties").path(member.getKey());
      if (own.isMissingNode()) {
        own = schema.path("additionalProperties");
      }
      if (!own.isMissingNode() && !valid(own, member.getValue())) {
        return false;
      }
    }
    return true;
  }

  private boolean array(JsonNode schema, JsonNode d) {
    if (d.size() < schema.path("minItems").asInt(0)
        || d.size() > schema.path("maxItems").asInt(Integer.MAX_VALUE)) {
      return false;
    }
    for (int i = 0; i < d.size(); i++) {
      JsonNode own = schema.path("prefixItems").path(i);
      if (own.isMissingNode()) {
        own = schema.path("items");
      }
      if (!own.isMissingNode() && !valid(own, d.get(i))) {
        return false;
      }
    }
    return true;
  }

  private static boolean string(JsonNode schema, String text) {
    int length = text.codePointCount(0, text.length());
    return length >= schema.path("minLength").asInt(0)
        && length <= schema.path("maxLength").asInt(Integer.MAX_VALUE)
        && (!schema.has("pattern")
            || Pattern.compile(schema.get("pattern").asText()).matcher(text).find());
  }

  private static boolean number(JsonNode schema, BigDecimal value) {
    return order(value, schema.path("minimum"), 1) >= 0
        && order(value, schema.path("maximum"), -1) <= 0
        && order(value, schema.path("exclusiveMinimum"), 1) > 0
        && order(value, schema.path("exclusiveMaximum"), -1) < 0;
  }

  private static int order(BigDecimal value, JsonNode bound, int otherwise) {
    return bound.isNumber() ? value.compareTo(bound.decimalValue()) : otherwise;
  }
}
