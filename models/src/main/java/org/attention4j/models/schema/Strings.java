package org.attention4j.models.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.attention4j.error.UsageException;
import org.attention4j.generate.grammar.CodePoints;
import org.attention4j.generate.grammar.Expression;
import org.attention4j.generate.grammar.Expression.Characters;
import org.attention4j.generate.grammar.Expression.Choice;
import org.attention4j.generate.grammar.Expression.Repeat;
import org.attention4j.generate.grammar.Expression.Sequence;
import org.attention4j.generate.grammar.RegularExpression;

/** Strings by length, pattern or format. */
final class Strings {
  private static final String DATE =
      "[0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"
          + "|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))";
  private static final String TIME =
      "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?"
          + "(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])";
  private static final Map<String, String> FORMATS =
      Map.of(
          "date",
          DATE,
          "time",
          TIME,
          "date-time",
          "(" + DATE + ")T(" + TIME + ")",
          "uuid",
          "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");

  private Strings() {}

  static Expression of(JsonNode schema, String at) {
    int least = SchemaReader.count(schema, "minLength", 0, at);
    int most = SchemaReader.count(schema, "maxLength", Expression.UNBOUNDED, at);
    boolean counted = schema.has("minLength") || schema.has("maxLength");
    if ((counted ? 1 : 0) + (schema.has("pattern") ? 1 : 0) + (schema.has("format") ? 1 : 0) > 1) {
      throw SchemaReader.refused(
          at, "has more than one of lengths, 'pattern' and 'format', which is not supported");
    }
    Expression inner = Expression.repeat(AnyJson.CHARACTER, least, most);
    if (schema.has("pattern")) {
      try {
        inner = escaped(RegularExpression.within(schema.get("pattern").asText()));
      } catch (UsageException e) {
        throw SchemaReader.refused(at, "has a 'pattern' that cannot be read: " + e.getMessage());
      }
    } else if (schema.has("format")) {
      String format = FORMATS.get(schema.get("format").asText());
      if (format == null) {
        throw SchemaReader.refused(
            at, "has the format " + schema.get("format") + "; supported are " + FORMATS.keySet());
      }
      inner = RegularExpression.whole(format);
    }
    return Expression.sequence(AnyJson.QUOTE, inner, AnyJson.QUOTE);
  }

  /** The same texts as they stand in JSON. */
  private static Expression escaped(Expression text) {
    if (text instanceof Characters characters) {
      return escaped(characters.set());
    }
    if (text instanceof Sequence sequence) {
      return new Sequence(sequence.parts().stream().map(Strings::escaped).toList());
    }
    if (text instanceof Choice choice) {
      return new Choice(choice.options().stream().map(Strings::escaped).toList());
    }
    if (text instanceof Repeat repeat) {
      return new Repeat(escaped(repeat.part()), repeat.least(), repeat.most());
    }
    return text;
  }

  private static Expression escaped(CodePoints set) {
    CodePoints special = set.minus(AnyJson.PLAIN);
    List<Expression> options = new ArrayList<>();
    options.add(new Characters(set.minus(special)));
    for (CodePoints.Range range : special.ranges()) {
      for (int c = range.first(); c <= range.last(); c++) {
        String quoted = TextNode.valueOf(Character.toString(c)).toString();
        options.add(Expression.text(quoted.substring(1, quoted.length() - 1)));
      }
    }
    return options.size() == 1 ? options.get(0) : new Choice(options);
  }
}
