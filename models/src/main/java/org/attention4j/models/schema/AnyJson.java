package org.attention4j.models.schema;

import java.util.Map;
import org.attention4j.generate.grammar.CodePoints;
import org.attention4j.generate.grammar.Expression;
import org.attention4j.generate.grammar.Expression.Characters;
import org.attention4j.generate.grammar.Expression.Rule;
import org.attention4j.generate.grammar.RegularExpression;

/** Parts of JSON's grammar (RFC 8259), and any document. */
final class AnyJson {
  private AnyJson() {}

  /** Characters that stand in a string as they are. */
  static final CodePoints PLAIN = CodePoints.range(0, 0x1f).or(CodePoints.of("\"\\")).complement();

  /** One character of a string, as it is or escaped; no half of a surrogate pair. */
  static final Expression CHARACTER =
      Expression.choice(
          new Characters(PLAIN),
          RegularExpression.whole(
              "\\\\([\"\\\\/bfnrt]|u([0-9A-CE-Fa-ce-f][0-9A-Fa-f]{3}|[Dd][0-7][0-9A-Fa-f]{2}"
                  + "|[Dd][89ABab][0-9A-Fa-f]{2}\\\\u[Dd][C-Fc-f][0-9A-Fa-f]{2}))"));

  static final Expression QUOTE = Expression.text("\"");
  static final Expression COMMA = RegularExpression.whole(", ?");
  static final Expression COLON = RegularExpression.whole(": ?");
  static final Expression BOOLEAN = RegularExpression.whole("true|false");
  static final Expression NULL = Expression.text("null");

  /** As many digits as a long or a double holds. */
  static final Expression INTEGER = RegularExpression.whole("-?(0|[1-9][0-9]{0,17})");

  static final Expression NUMBER =
      Expression.sequence(
          INTEGER, RegularExpression.whole("(\\.[0-9]{1,18})?([eE][+-]?[0-9]{1,2})?"));

  /** Any document. */
  static final Expression VALUE = new Rule("any value");

  private static final Expression STRING =
      Expression.sequence(QUOTE, Expression.repeat(CHARACTER, 0, Expression.UNBOUNDED), QUOTE);

  /** What {@link #VALUE} needs. */
  static final Map<String, Expression> RULES =
      Map.of(
          "any value",
          Expression.choice(
              NULL,
              BOOLEAN,
              NUMBER,
              STRING,
              list(Expression.optional(separated(VALUE))),
              object(Expression.optional(separated(Expression.sequence(STRING, COLON, VALUE))))));

  static Expression list(Expression inner) {
    return Expression.sequence(Expression.text("["), inner, Expression.text("]"));
  }

  static Expression object(Expression inner) {
    return Expression.sequence(Expression.text("{"), inner, Expression.text("}"));
  }

  /** At least one, with commas between them. */
  static Expression separated(Expression part) {
    return Expression.sequence(
        part, Expression.repeat(Expression.sequence(COMMA, part), 0, Expression.UNBOUNDED));
  }
}
