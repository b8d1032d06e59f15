package org.attention4j.models.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.attention4j.generate.grammar.CodePoints;
import org.attention4j.generate.grammar.Expression;
import org.attention4j.generate.grammar.Expression.Characters;
import org.attention4j.generate.grammar.Expression.Choice;
import org.jspecify.annotations.Nullable;

/** Objects: the named properties in the schema's order, then further ones. */
final class ObjectReader {
  private static final Expression NOTHING = Expression.text("");

  private final SchemaReader reader;
  private final JsonNode schema;
  private final String at;
  private final Set<String> required = new LinkedHashSet<>();

  ObjectReader(SchemaReader reader, JsonNode schema, String at) {
    this.reader = reader;
    this.schema = schema;
    this.at = at;
  }

  Expression read() {
    JsonNode names = schema.path("required");
    if (!names.isMissingNode() && !names.isArray()) {
      throw SchemaReader.refused(at, "has 'required' that is no list of names");
    }
    names.forEach(name -> required.add(name.asText()));
    Map<String, Expression> members = members();
    Expression further = further(members.keySet());
    int least = SchemaReader.count(schema, "minProperties", 0, at);
    int most = SchemaReader.count(schema, "maxProperties", Expression.UNBOUNDED, at);
    boolean counted = schema.has("minProperties") || schema.has("maxProperties");
    if (counted && (!members.isEmpty() || further == null || least > 1)) {
      throw SchemaReader.refused(
          at, "counts properties beside named ones, or wants more than 1, which is not supported");
    }
    if (members.isEmpty()) {
      return AnyJson.object(further == null || most == 0 ? NOTHING : map(further, least, most));
    }
    List<String> order = new ArrayList<>(members.keySet());
    Expression after = further == null ? NOTHING : more(further, Expression.UNBOUNDED);
    Expression first = further == null ? NOTHING : map(further, 0, Expression.UNBOUNDED);
    for (int i = order.size() - 1; i >= 0; i--) {
      String name = order.get(i);
      Expression member = members.getOrDefault(name, NOTHING);
      Expression rest = reader.rule(at + " after " + i, after);
      Expression begins = Expression.sequence(member, rest);
      boolean must = required.contains(name);
      first = must ? begins : new Choice(List.of(begins, first));
      Expression next = Expression.sequence(AnyJson.COMMA, member);
      after = Expression.sequence(must ? next : Expression.optional(next), rest);
    }
    return AnyJson.object(first);
  }

  private static Expression map(Expression member, int least, int most) {
    Expression some =
        Expression.sequence(member, more(member, most == Expression.UNBOUNDED ? most : most - 1));
    return least > 0 ? some : Expression.optional(some);
  }

  private static Expression more(Expression member, int most) {
    return Expression.repeat(Expression.sequence(AnyJson.COMMA, member), 0, most);
  }

  /** Names that are required without a schema of their own have that of further ones. */
  private Map<String, Expression> members() {
    JsonNode properties = schema.path("properties");
    if (!properties.isMissingNode() && !properties.isObject()) {
      throw SchemaReader.refused(at, "has 'properties' that are no object");
    }
    Map<String, Expression> members = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> property : properties.properties()) {
      String place = at + "/properties/" + property.getKey().replace("~", "~0").replace("/", "~1");
      members.put(property.getKey(), member(property.getKey(), property.getValue(), place));
    }
    JsonNode others = schema.path("additionalProperties");
    for (String name : required) {
      if (!members.containsKey(name)) {
        JsonNode own = others.isMissingNode() ? BooleanNode.TRUE : others;
        members.put(name, member(name, own, at + "/additionalProperties"));
      }
    }
    return members;
  }

  private Expression member(String name, JsonNode value, String place) {
    return Expression.sequence(
        Expression.text(TextNode.valueOf(name).toString()),
        AnyJson.COLON,
        reader.schema(value, place));
  }

  /** A property that is not named; null if none may come. */
  private @Nullable Expression further(Set<String> named) {
    JsonNode others = schema.path("additionalProperties");
    if (others.isMissingNode() ? !named.isEmpty() : others.equals(BooleanNode.FALSE)) {
      return null;
    }
    JsonNode own = others.isMissingNode() ? BooleanNode.TRUE : others;
    return Expression.sequence(
        AnyJson.QUOTE,
        except(named.stream().map(name -> name.codePoints().toArray()).toList(), 0),
        AnyJson.QUOTE,
        AnyJson.COLON,
        reader.schema(own, at + "/additionalProperties"));
  }

  /** Plain texts that are none of some names, from a place on that all of these share. */
  private static Expression except(List<int[]> names, int from) {
    Map<Integer, List<int[]>> next = new TreeMap<>();
    boolean mayEnd = true;
    for (int[] name : names) {
      if (name.length == from) {
        mayEnd = false;
      } else {
        next.computeIfAbsent(name[from], c -> new ArrayList<>()).add(name);
      }
    }
    List<Expression> options = new ArrayList<>();
    if (mayEnd) {
      options.add(NOTHING);
    }
    CodePoints others = AnyJson.PLAIN;
    for (Map.Entry<Integer, List<int[]>> entry : next.entrySet()) {
      CodePoints one = CodePoints.range(entry.getKey(), entry.getKey());
      others = others.minus(one);
      if (AnyJson.PLAIN.contains(entry.getKey())) {
        options.add(Expression.sequence(new Characters(one), except(entry.getValue(), from + 1)));
      }
    }
    options.add(
        Expression.sequence(
            new Characters(others),
            Expression.repeat(new Characters(AnyJson.PLAIN), 0, Expression.UNBOUNDED)));
    return new Choice(options);
  }
}
