package org.attention4j.models.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import org.attention4j.generate.grammar.Expression;
import org.attention4j.generate.grammar.Expression.Choice;
import org.attention4j.generate.grammar.RegularExpression;
import org.jspecify.annotations.Nullable;

/** Numbers, with or without bounds. */
final class Numbers {
  private static final BigInteger LARGEST = BigInteger.TEN.pow(18).subtract(BigInteger.ONE);
  private static final Expression FRACTION = RegularExpression.whole("(\\.[0-9]{1,9})?");
  private static final Expression ZEROS = RegularExpression.whole("(\\.0{1,3})?");
  private static final Expression ABOVE_ZERO =
      RegularExpression.whole("\\.[0-9]{0,8}[1-9][0-9]{0,8}");

  private Numbers() {}

  /** The end of a range; no value for none. */
  private record Bound(@Nullable BigDecimal value, boolean exclusive) {}

  private static Bound bound(JsonNode schema, String inclusive, String exclusive, String at) {
    for (String keyword : List.of(inclusive, exclusive)) {
      if (schema.has(keyword) && !schema.get(keyword).isNumber()) {
        throw SchemaReader.refused(
            at, "has '" + keyword + "': " + schema.get(keyword) + ", which is no number");
      }
    }
    boolean given = schema.has(inclusive);
    if (schema.has(exclusive)) {
      BigDecimal other = schema.get(exclusive).decimalValue();
      boolean upper = inclusive.startsWith("max");
      int order = given ? other.compareTo(schema.get(inclusive).decimalValue()) : 0;
      if (!given || (upper ? order <= 0 : order >= 0)) {
        return new Bound(other, true);
      }
    }
    return new Bound(given ? schema.get(inclusive).decimalValue() : null, false);
  }

  static Expression integer(JsonNode schema, String at) {
    Bound low = bound(schema, "minimum", "exclusiveMinimum", at);
    Bound high = bound(schema, "maximum", "exclusiveMaximum", at);
    if (low.value == null && high.value == null) {
      return AnyJson.INTEGER;
    }
    BigInteger from = LARGEST.negate();
    if (low.value != null) {
      from = low.value.setScale(0, RoundingMode.CEILING).toBigIntegerExact();
      boolean next = low.exclusive && low.value.compareTo(new BigDecimal(from)) == 0;
      from = next ? from.add(BigInteger.ONE) : from;
    }
    BigInteger to = LARGEST.max(from);
    if (high.value != null) {
      to = high.value.setScale(0, RoundingMode.FLOOR).toBigIntegerExact();
      boolean next = high.exclusive && high.value.compareTo(new BigDecimal(to)) == 0;
      to = next ? to.subtract(BigInteger.ONE) : to;
      from = low.value == null ? from.min(to) : from;
    }
    List<Expression> options = new ArrayList<>();
    BigInteger zero = BigInteger.ZERO;
    if (from.signum() < 0) {
      BigInteger least = to.signum() < 0 ? to.negate() : BigInteger.ONE;
      options.add(Expression.sequence(Expression.text("-"), IntegerRange.of(least, from.negate())));
    }
    if (to.signum() >= 0) {
      options.add(IntegerRange.of(from.max(zero), to));
    }
    return new Choice(options);
  }

  static Expression number(JsonNode schema, String at) {
    Bound low = bound(schema, "minimum", "exclusiveMinimum", at);
    Bound high = bound(schema, "maximum", "exclusiveMaximum", at);
    if (low.value == null && high.value == null) {
      return AnyJson.NUMBER;
    }
    for (Bound bound : List.of(low, high)) {
      if (bound.value != null && bound.value.stripTrailingZeros().scale() > 0) {
        throw SchemaReader.refused(
            at, "bounds numbers by " + bound.value + "; supported are bounds without a fraction");
      }
    }
    List<Expression> options = new ArrayList<>();
    if (low.value == null || low.value.signum() < 0) { // from 0 downwards
      Bound nearest =
          high.value != null && high.value.signum() <= 0 ? high : new Bound(null, false);
      options.add(
          Expression.sequence(Expression.text("-"), upwards(negative(nearest), negative(low))));
    }
    if (high.value == null || high.value.signum() >= 0) {
      Bound nearest = low.value != null && low.value.signum() >= 0 ? low : new Bound(null, false);
      options.add(upwards(nearest, high));
    }
    return new Choice(options);
  }

  private static Bound negative(Bound bound) {
    return new Bound(bound.value == null ? null : bound.value.negate(), bound.exclusive);
  }

  /** From a number that is not negative, 0 if there is none, to a greater one. */
  private static Expression upwards(Bound low, Bound high) {
    BigInteger from = low.value == null ? BigInteger.ZERO : low.value.toBigIntegerExact();
    BigInteger to = high.value == null ? LARGEST.max(from) : high.value.toBigIntegerExact();
    List<Expression> options = new ArrayList<>();
    BigInteger whole = from;
    if (low.exclusive && from.compareTo(to) < 0) {
      options.add(Expression.sequence(Expression.text(from.toString()), ABOVE_ZERO));
      whole = from.add(BigInteger.ONE);
    }
    BigInteger last = to.subtract(BigInteger.ONE);
    if (whole.compareTo(last) <= 0) {
      options.add(Expression.sequence(IntegerRange.of(whole, last), FRACTION));
    }
    if (!high.exclusive && from.compareTo(to) <= (low.exclusive ? -1 : 0)) {
      options.add(Expression.sequence(Expression.text(to.toString()), ZEROS));
    }
    return new Choice(options);
  }
}
