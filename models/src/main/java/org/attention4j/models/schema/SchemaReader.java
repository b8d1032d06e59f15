package org.attention4j.models.schema;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.attention4j.error.UsageException;
import org.attention4j.generate.grammar.Expression;
import org.attention4j.generate.grammar.Expression.Choice;
import org.attention4j.generate.grammar.Expression.Rule;
import org.attention4j.generate.grammar.Grammar;

/** Turns a schema into rules; what is referred to becomes a rule of its own. */
final class SchemaReader {
  private static final Set<String> NOTES =
      Set.of(
          "$schema",
          "$id",
          "$comment",
          "$defs",
          "definitions",
          "title",
          "description",
          "default",
          "examples",
          "deprecated",
          "readOnly",
          "writeOnly");

  /** Which types the keywords are about; the first one that occurs stands in for a missing type. */
  private static final Map<String, Set<String>> KEYWORDS =
      Map.of(
          "object",
          Set.of(
              "properties", "required", "additionalProperties", "minProperties", "maxProperties"),
          "array",
          Set.of("items", "prefixItems", "minItems", "maxItems"),
          "string",
          Set.of("minLength", "maxLength", "pattern", "format"),
          "number",
          Set.of("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"));

  private static final Set<String> TYPES =
      Set.of("object", "array", "string", "number", "integer", "boolean", "null");

  private static final int MOST_STEPS = 100; // from reference to reference

  private final JsonNode root;
  private final Map<String, Expression> rules = new HashMap<>(AnyJson.RULES);
  private final Set<String> referred = new HashSet<>();
  private final Deque<String> open = new ArrayDeque<>();

  SchemaReader(JsonNode root) {
    this.root = root;
  }

  Grammar grammar() {
    Expression start = schema(root, "#");
    while (!open.isEmpty()) {
      String reference = open.remove();
      rules.put(reference, schema(target(reference), reference));
    }
    return Grammar.of(rules, start);
  }

  static UsageException refused(String at, String what) {
    return new UsageException("the schema at " + at + " " + what);
  }

  /** A rule that others may refer to. */
  Rule rule(String name, Expression body) {
    rules.put(name, body);
    return new Rule(name);
  }

  /**
   * The documents of a part.
   *
   * @param at its JSON pointer
   */
  Expression schema(JsonNode schema, String at) {
    if (schema.isBoolean()) {
      return schema.booleanValue() ? AnyJson.VALUE : new Choice(List.of());
    }
    if (!schema.isObject()) {
      throw refused(at, "is " + schema.getNodeType() + ", not an object, true or false");
    }
    for (String alone : List.of("$ref", "anyOf", "oneOf", "allOf")) {
      if (schema.has(alone)) {
        refuseOthers(schema, Set.of(alone), at);
        return combined(alone, schema.get(alone), at);
      }
    }
    if (schema.has("const") || schema.has("enum")) {
      refuseOthers(schema, Set.of("const", "enum", "type"), at);
      return values(schema, at);
    }
    Set<String> known = new HashSet<>(Set.of("type"));
    KEYWORDS.values().forEach(known::addAll);
    refuseOthers(schema, known, at);
    List<Expression> options = new ArrayList<>();
    for (String type : types(schema, at)) {
      options.add(ofType(type, schema, at));
    }
    return options.size() == 1 ? options.get(0) : new Choice(options);
  }

  private static void refuseOthers(JsonNode schema, Set<String> read, String at) {
    schema
        .fieldNames()
        .forEachRemaining(
            name -> {
              if (!read.contains(name) && !NOTES.contains(name)) {
                throw refused(
                    at,
                    "has the keyword '"
                        + name
                        + "', which is not supported"
                        + (read.size() < 4 ? " beside " + String.join(", ", read) : ""));
              }
            });
  }

  private Expression combined(String keyword, JsonNode value, String at) {
    if (keyword.equals("$ref")) {
      String reference = value.asText();
      if (!value.isTextual() || !(reference.equals("#") || reference.startsWith("#/"))) {
        throw refused(
            at, "refers to " + value + "; only places in the schema itself, as in #/$defs");
      }
      if (referred.add(reference)) {
        target(reference);
        open.add(reference);
      }
      return new Rule(reference);
    }
    if (!value.isArray() || value.isEmpty()) {
      throw refused(at, "has '" + keyword + "' that is no list of schemas");
    }
    if (keyword.equals("allOf") && value.size() > 1) {
      throw refused(at, "has 'allOf' of more than one, which is not supported");
    }
    List<Expression> options = new ArrayList<>();
    for (int i = 0; i < value.size(); i++) {
      for (int before = 0; keyword.equals("oneOf") && before < i; before++) {
        if (!new Disjoint(this::resolved).of(value.get(before), value.get(i))) {
          throw refused(
              at + "/oneOf",
              "has the options "
                  + before
                  + " and "
                  + i
                  + ", which one document may fit both; supported are options of other types,"
                  + " values, or values of a required property; or write anyOf");
        }
      }
      options.add(schema(value.get(i), at + "/" + keyword + "/" + i));
    }
    return new Choice(options);
  }

  private JsonNode target(String reference) {
    JsonNode found;
    try {
      found = root.at(JsonPointer.compile(reference.substring(1)));
    } catch (IllegalArgumentException e) {
      throw refused(reference, "is no place: " + e.getMessage());
    }
    if (found.isMissingNode()) {
      throw refused(reference, "is referred to, but is not there");
    }
    return found;
  }

  /** What a schema refers to at last; itself if that is no place. */
  private JsonNode resolved(JsonNode schema) {
    JsonNode found = schema;
    for (int i = 0; i < MOST_STEPS && found.path("$ref").asText().startsWith("#"); i++) {
      found = target(found.get("$ref").asText());
    }
    return found;
  }

  private static Expression values(JsonNode schema, String at) {
    List<JsonNode> values = new ArrayList<>();
    if (schema.has("enum")) {
      if (!schema.get("enum").isArray() || schema.has("const")) {
        throw refused(at, "has 'enum' that is no list, or with 'const'");
      }
      schema.get("enum").forEach(values::add);
    } else {
      values.add(schema.get("const"));
    }
    List<String> types = schema.has("type") ? types(schema, at) : List.of();
    return new Choice(
        values.stream()
            .filter(value -> types.isEmpty() || types.stream().anyMatch(t -> is(value, t)))
            .map(value -> Expression.text(value.toString()))
            .toList());
  }

  private static boolean is(JsonNode value, String type) {
    return switch (type) {
      case "object" -> value.isObject();
      case "array" -> value.isArray();
      case "string" -> value.isTextual();
      case "number" -> value.isNumber();
      case "integer" -> value.isNumber() && value.decimalValue().stripTrailingZeros().scale() <= 0;
      case "boolean" -> value.isBoolean();
      default -> value.isNull();
    };
  }

  /** Those that are given, or that the keywords are about; none for any document. */
  private static List<String> types(JsonNode schema, String at) {
    JsonNode given = schema.path("type");
    List<String> types = new ArrayList<>();
    if (given.isMissingNode()) {
      for (String type : List.of("object", "array", "string", "number")) {
        if (KEYWORDS.getOrDefault(type, Set.of()).stream().anyMatch(schema::has)) {
          types.add(type);
        }
      }
      return types.isEmpty() ? List.of("any") : types;
    }
    for (JsonNode type : given.isArray() ? given : List.of(given)) {
      if (!TYPES.contains(type.asText())) {
        throw refused(at, "has the type " + type + "; known are " + TYPES);
      }
      types.add(type.asText());
    }
    return types;
  }

  private Expression ofType(String type, JsonNode schema, String at) {
    return switch (type) {
      case "object" -> new ObjectReader(this, schema, at).read();
      case "array" -> array(schema, at);
      case "string" -> Strings.of(schema, at);
      case "number" -> Numbers.number(schema, at);
      case "integer" -> Numbers.integer(schema, at);
      case "boolean" -> AnyJson.BOOLEAN;
      case "null" -> AnyJson.NULL;
      default -> AnyJson.VALUE;
    };
  }

  /** Items of a list, the first of which may have schemas of their own. */
  private Expression array(JsonNode schema, String at) {
    int least = count(schema, "minItems", 0, at);
    int most = count(schema, "maxItems", Expression.UNBOUNDED, at);
    JsonNode first = schema.path("prefixItems");
    List<Expression> items = new ArrayList<>();
    for (int i = 0; i < Math.min(first.size(), most); i++) {
      items.add(schema(first.get(i), at + "/prefixItems/" + i));
    }
    Expression item =
        schema.has("items") ? schema(schema.get("items"), at + "/items") : AnyJson.VALUE;
    Expression more =
        Expression.repeat(
            Expression.sequence(AnyJson.COMMA, item),
            Math.max(0, least - Math.max(1, items.size())),
            most == Expression.UNBOUNDED ? most : Math.max(0, most - Math.max(1, items.size())));
    if (items.isEmpty()) {
      Expression all = Expression.sequence(item, more);
      Expression inner = least > 0 ? all : Expression.optional(all);
      return AnyJson.list(most == 0 ? Expression.text("") : inner);
    }
    Expression rest = more;
    for (int i = items.size() - 1; i >= 0; i--) {
      Expression own = i == 0 ? items.get(0) : Expression.sequence(AnyJson.COMMA, items.get(i));
      Expression here = Expression.sequence(own, rest);
      rest = i < least ? here : Expression.optional(here);
    }
    return AnyJson.list(rest);
  }

  /** A keyword that counts. */
  static int count(JsonNode schema, String keyword, int otherwise, String at) {
    JsonNode value = schema.path(keyword);
    if (value.isMissingNode()) {
      return otherwise;
    }
    if (!value.isNumber() || value.asDouble() != value.intValue() || value.intValue() < 0) {
      throw refused(at, "has '" + keyword + "': " + value + ", which is no number from 0 on");
    }
    int least = keyword.startsWith("max") ? 0 : value.intValue();
    String upper = "max" + keyword.substring(3);
    if (least > 0 && schema.path(upper).isNumber() && schema.path(upper).asLong() < least) {
      throw refused(at, "has '" + keyword + "' above '" + upper + "'");
    }
    return value.intValue();
  }
}
