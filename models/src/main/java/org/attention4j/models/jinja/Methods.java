package org.attention4j.models.jinja;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/** Python's methods of strings, lists and maps; those that would change a value are refused. */
final class Methods {
  private Methods() {}

  static Object call(
      Run run, Object of, String name, List<Object> arguments, Map<String, Object> named) {
    if (of instanceof Map<?, ?> map) {
      if (map.get(name) instanceof Function function) {
        return function.call(arguments, named);
      }
      return ofMap(run, map, name, arguments);
    }
    if (of instanceof List<?> list) {
      return switch (name) {
        case "count" ->
            list.stream()
                .filter(e -> Arithmetic.compare(run, "==", e, argument(name, arguments, 0)))
                .count();
        default -> throw unknown(of, name);
      };
    }
    if (of instanceof String text) {
      return ofString(run, text, name, arguments);
    }
    throw unknown(of, name);
  }

  private static Object ofMap(Run run, Map<?, ?> map, String name, List<Object> arguments) {
    run.charge(map.size());
    return switch (name) {
      case "items" -> map.entrySet().stream().map(e -> List.of(e.getKey(), e.getValue())).toList();
      case "keys" -> new ArrayList<>(map.keySet());
      case "values" -> new ArrayList<>(map.values());
      case "get" -> {
        Object found = map.get(Values.key(argument(name, arguments, 0)));
        yield found != null ? found : arguments.size() > 1 ? arguments.get(1) : Special.NONE;
      }
      default -> throw unknown(map, name);
    };
  }

  private static TemplateException unknown(Object of, String name) {
    return new TemplateException(Values.describe(of) + " has no method '" + name + "'");
  }

  private static Object argument(String name, List<Object> arguments, int which) {
    if (which >= arguments.size()) {
      throw new TemplateException("'" + name + "' needs " + (which + 1) + " arguments");
    }
    return arguments.get(which);
  }

  private static String string(String name, List<Object> arguments, int which) {
    if (argument(name, arguments, which) instanceof String text) {
      return text;
    }
    throw new TemplateException(
        "'" + name + "' needs a string, not " + Values.describe(arguments.get(which)));
  }

  private static Object ofString(Run run, String text, String name, List<Object> arguments) {
    run.charge(text.length());
    String characters = arguments.isEmpty() ? "" : Values.text(arguments.get(0));
    return switch (name) {
      case "strip" -> strip(text, characters, true, true);
      case "lstrip" -> strip(text, characters, true, false);
      case "rstrip" -> strip(text, characters, false, true);
      case "upper" -> text.toUpperCase(Locale.ROOT);
      case "lower" -> text.toLowerCase(Locale.ROOT);
      case "capitalize" -> capitalised(text);
      case "title" ->
          Pattern.compile("\\p{L}+").matcher(text).replaceAll(m -> capitalised(m.group()));
      case "startswith" -> affix(name, arguments).stream().anyMatch(text::startsWith);
      case "endswith" -> affix(name, arguments).stream().anyMatch(text::endsWith);
      case "find" -> (long) text.indexOf(string(name, arguments, 0));
      case "rfind" -> (long) text.lastIndexOf(string(name, arguments, 0));
      case "count" -> (long) pieces(text, string(name, arguments, 0), -1).size() - 1;
      case "isdigit" -> !text.isEmpty() && text.chars().allMatch(Character::isDigit);
      case "replace" -> replace(run, text, string(name, arguments, 0), string(name, arguments, 1));
      case "removeprefix" ->
          text.startsWith(characters) ? text.substring(characters.length()) : text;
      case "removesuffix" ->
          text.endsWith(characters) ? text.substring(0, text.length() - characters.length()) : text;
      case "splitlines" -> text.lines().toList();
      case "split" -> split(run, text, arguments);
      case "join" -> Filters.joined(run, Values.elements(argument(name, arguments, 0)), text);
      default -> throw unknown(text, name);
    };
  }

  private static String capitalised(String text) {
    return text.isEmpty()
        ? text
        : text.substring(0, 1).toUpperCase(Locale.ROOT)
            + text.substring(1).toLowerCase(Locale.ROOT);
  }

  private static List<String> affix(String name, List<Object> arguments) {
    Object first = argument(name, arguments, 0);
    return first instanceof List<?> list
        ? list.stream().map(Values::text).toList()
        : List.of(string(name, arguments, 0));
  }

  static String strip(String text, String characters, boolean left, boolean right) {
    int from = 0;
    int to = text.length();
    while (left && from < to && goes(text.charAt(from), characters)) {
      from++;
    }
    while (right && to > from && goes(text.charAt(to - 1), characters)) {
      to--;
    }
    return text.substring(from, to);
  }

  private static boolean goes(char c, String characters) {
    return characters.isEmpty()
        ? Character.isWhitespace(c) || Character.isSpaceChar(c)
        : characters.indexOf(c) >= 0;
  }

  static String replace(Run run, String text, String from, String to) {
    long longest = (text.length() + 1L) * Math.max(1, to.length());
    run.charge(longest / Math.max(1, from.length()));
    return text.replace(from, to);
  }

  private static Object split(Run run, String text, List<Object> arguments) {
    long most = arguments.size() > 1 && arguments.get(1) instanceof Long n ? n : -1;
    if (arguments.isEmpty() || arguments.get(0) == Special.NONE) {
      List<String> words = Arrays.stream(Pattern.compile("\\s+").split(text.strip())).toList();
      return words.equals(List.of("")) ? List.of() : words;
    }
    List<Object> pieces = pieces(text, string("split", arguments, 0), most);
    run.charge(pieces.size());
    return pieces;
  }

  private static List<Object> pieces(String text, String separator, long most) {
    if (separator.isEmpty()) {
      throw new TemplateException("'split' needs a separator that is not empty");
    }
    List<Object> pieces = new ArrayList<>();
    int from = 0;
    for (int at = text.indexOf(separator);
        at >= 0 && (most < 0 || pieces.size() < most);
        at = text.indexOf(separator, from)) {
      pieces.add(text.substring(from, at));
      from = at + separator.length();
    }
    pieces.add(text.substring(from));
    return pieces;
  }
}
