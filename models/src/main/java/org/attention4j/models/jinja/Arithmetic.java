package org.attention4j.models.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Operators with Python's meaning. */
final class Arithmetic {
  private Arithmetic() {}

  static Object apply(Run run, String operator, Object left, Object right) {
    if (operator.equals("~")) {
      return run.made(Values.text(left) + Values.text(right));
    }
    if (operator.equals("+") && left instanceof String a && right instanceof String b) {
      return run.made(a + b);
    }
    if (operator.equals("+") && left instanceof List<?> a && right instanceof List<?> b) {
      List<Object> all = new ArrayList<>(a);
      all.addAll(b);
      run.charge(all.size());
      return all;
    }
    if (operator.equals("*") && left instanceof String text && right instanceof Long times) {
      long count = Math.max(0, times);
      run.charge(count > Integer.MAX_VALUE ? Long.MAX_VALUE : count * text.length());
      return text.repeat((int) count);
    }
    if (left instanceof Long a && right instanceof Long b) {
      return whole(operator, a, b);
    }
    return decimal(operator, number(operator, left, right), number(operator, right, left));
  }

  private static double number(String operator, Object value, Object other) {
    if (value instanceof Number number) {
      return number.doubleValue();
    }
    if (value instanceof Boolean bool) {
      return bool ? 1 : 0;
    }
    throw new TemplateException(
        "'" + operator + "' between " + Values.describe(value) + " and " + Values.describe(other));
  }

  private static Object whole(String operator, long a, long b) {
    if (b == 0 && "/ // %".contains(operator)) {
      throw new TemplateException("divides by 0");
    }
    return switch (operator) {
      case "+" -> a + b;
      case "-" -> a - b;
      case "*" -> a * b;
      case "//" -> Math.floorDiv(a, b);
      case "%" -> Math.floorMod(a, b);
      default -> (double) a / b;
    };
  }

  private static Object decimal(String operator, double a, double b) {
    if (b == 0 && "/ // %".contains(operator)) {
      throw new TemplateException("divides by 0");
    }
    return switch (operator) {
      case "+" -> a + b;
      case "-" -> a - b;
      case "*" -> a * b;
      case "//" -> Math.floor(a / b);
      case "%" -> a - b * Math.floor(a / b);
      default -> a / b;
    };
  }

  static Object signed(boolean minus, Object value) {
    if (value instanceof Long number) {
      return minus ? -number : number;
    }
    double number = number(minus ? "-" : "+", value, value);
    return minus ? -number : number;
  }

  static Object power(Object base, Object exponent) {
    double result = Math.pow(number("**", base, exponent), number("**", exponent, base));
    boolean whole = base instanceof Long && exponent instanceof Long n && n >= 0;
    return whole && Math.abs(result) < 1L << 53 ? (Object) (long) result : (Object) result;
  }

  static boolean compare(Run run, String operator, Object left, Object right) {
    run.charge(1 + (size(left) + size(right)) / 16);
    return switch (operator) {
      case "==" -> equal(run, left, right);
      case "!=" -> !equal(run, left, right);
      case "in" -> contains(run, right, left);
      case "not in" -> !contains(run, right, left);
      case "<" -> order(operator, left, right) < 0;
      case "<=" -> order(operator, left, right) <= 0;
      case ">" -> order(operator, left, right) > 0;
      default -> order(operator, left, right) >= 0;
    };
  }

  private static long size(Object value) {
    return value instanceof String text ? text.length() : 0;
  }

  /** Element by element, each paid for: lists may share elements, and so be huge. */
  private static boolean equal(Run run, Object left, Object right) {
    if (isNumber(left) && isNumber(right)) {
      return number("==", left, right) == number("==", right, left);
    }
    if (left instanceof List<?> a && right instanceof List<?> b) {
      boolean same = a.size() == b.size();
      for (int i = 0; same && i < a.size(); i++) {
        same = compare(run, "==", a.get(i), b.get(i));
      }
      return same;
    }
    if (left instanceof Map<?, ?> a && right instanceof Map<?, ?> b) {
      return a.size() == b.size()
          && a.entrySet().stream()
              .allMatch(
                  e -> {
                    Object other = b.get(e.getKey());
                    return other != null && compare(run, "==", e.getValue(), other);
                  });
    }
    return left.equals(right);
  }

  private static boolean isNumber(Object value) {
    return value instanceof Number || value instanceof Boolean;
  }

  private static boolean contains(Run run, Object whole, Object part) {
    if (whole instanceof String text && part instanceof String piece) {
      return text.contains(piece);
    }
    if (whole instanceof Map<?, ?> map) {
      return map.containsKey(Values.key(part));
    }
    return Values.elements(whole).stream().anyMatch(element -> compare(run, "==", element, part));
  }

  static int order(String operator, Object left, Object right) {
    if (left instanceof String a && right instanceof String b) {
      return a.compareTo(b);
    }
    return Double.compare(number(operator, left, right), number(operator, right, left));
  }
}
