package org.attention4j.models.jinja;

import java.util.List;
import java.util.Map;
import java.util.Set;

/** What may follow {@code is}. */
final class Tests {
  private static final Set<String> NAMES =
      Set.of(
          "defined",
          "undefined",
          "none",
          "string",
          "mapping",
          "iterable",
          "sequence",
          "number",
          "integer",
          "float",
          "boolean",
          "true",
          "false",
          "odd",
          "even",
          "callable",
          "in",
          "eq",
          "equalto",
          "ne",
          "lower",
          "upper",
          "divisibleby");

  private Tests() {}

  static void check(String name, int line) {
    if (!NAMES.contains(name)) {
      throw new TemplateException(line, "the test '" + name + "' is not known");
    }
  }

  static boolean holds(Run run, String name, Object value, List<Object> arguments) {
    return switch (name) {
      case "defined" -> value != Special.UNDEFINED;
      case "undefined" -> value == Special.UNDEFINED;
      case "none" -> value == Special.NONE;
      case "string" -> value instanceof String;
      case "mapping" -> value instanceof Map<?, ?>;
      case "iterable", "sequence" ->
          value instanceof List<?> || value instanceof Map<?, ?> || value instanceof String;
      case "number" -> value instanceof Number || value instanceof Boolean;
      case "integer" -> value instanceof Long;
      case "float" -> value instanceof Double;
      case "boolean" -> value instanceof Boolean;
      case "true" -> value.equals(true);
      case "false" -> value.equals(false);
      case "callable" -> value instanceof Function;
      case "odd" -> value instanceof Long n && n % 2 != 0;
      case "even" -> value instanceof Long n && n % 2 == 0;
      case "divisibleby" ->
          value instanceof Long n
              && argument(name, arguments) instanceof Long d
              && d != 0
              && n % d == 0;
      case "lower" -> value instanceof String s && s.chars().noneMatch(Character::isUpperCase);
      case "upper" -> value instanceof String s && s.chars().noneMatch(Character::isLowerCase);
      case "in" -> Arithmetic.compare(run, "in", value, argument(name, arguments));
      case "ne" -> !Arithmetic.compare(run, "==", value, argument(name, arguments));
      default -> Arithmetic.compare(run, "==", value, argument(name, arguments));
    };
  }

  private static Object argument(String name, List<Object> arguments) {
    if (arguments.isEmpty()) {
      throw new TemplateException("the test '" + name + "' needs an argument");
    }
    return arguments.get(0);
  }
}
