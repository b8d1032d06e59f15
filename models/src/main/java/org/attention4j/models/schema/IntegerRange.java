package org.attention4j.models.schema;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.attention4j.generate.grammar.CodePoints;
import org.attention4j.generate.grammar.Expression;
import org.attention4j.generate.grammar.Expression.Characters;
import org.attention4j.generate.grammar.Expression.Choice;

/** The decimal numbers from one to another, which are not negative, digit by digit. */
final class IntegerRange {
  private IntegerRange() {}

  /** None if the first is above the last. */
  static Expression of(BigInteger first, BigInteger last) {
    List<Expression> options = new ArrayList<>();
    int most = last.signum() < 0 ? 0 : last.toString().length();
    for (int digits = first.toString().length(); digits <= most; digits++) {
      BigInteger least = digits == 1 ? BigInteger.ZERO : BigInteger.TEN.pow(digits - 1);
      BigInteger low = first.max(least);
      BigInteger high = last.min(BigInteger.TEN.pow(digits).subtract(BigInteger.ONE));
      if (low.compareTo(high) <= 0) {
        options.add(between(low.toString(), high.toString()));
      }
    }
    return new Choice(options);
  }

  /** Numbers of as many digits as both have. */
  private static Expression between(String low, String high) {
    int length = low.length();
    if (low.equals("0".repeat(length)) && high.equals("9".repeat(length))) {
      return Expression.repeat(digits('0', '9'), length, length);
    }
    char a = low.charAt(0);
    char b = high.charAt(0);
    String lowRest = low.substring(1);
    String highRest = high.substring(1);
    if (a == b) {
      return Expression.sequence(digits(a, b), between(lowRest, highRest));
    }
    String nines = "9".repeat(lowRest.length());
    String zeros = "0".repeat(lowRest.length());
    List<Expression> options = new ArrayList<>();
    options.add(Expression.sequence(digits(a, a), between(lowRest, nines)));
    if (a + 1 < b) {
      options.add(
          Expression.sequence(digits((char) (a + 1), (char) (b - 1)), between(zeros, nines)));
    }
    options.add(Expression.sequence(digits(b, b), between(zeros, highRest)));
    return new Choice(options);
  }

  private static Expression digits(char from, char to) {
    return new Characters(CodePoints.range(from, to));
  }
}
