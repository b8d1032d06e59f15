package org.attention4j.models.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** What may follow {@code |}. */
final class Filters {
  private static final Set<String> NAMES =
      Set.of(
          "trim",
          "length",
          "count",
          "tojson",
          "upper",
          "lower",
          "title",
          "capitalize",
          "first",
          "last",
          "join",
          "replace",
          "default",
          "d",
          "list",
          "string",
          "int",
          "float",
          "items",
          "selectattr",
          "rejectattr",
          "map",
          "select",
          "reject",
          "safe",
          "abs",
          "sort",
          "unique",
          "reverse",
          "indent",
          "dictsort",
          "sum",
          "min",
          "max",
          "e",
          "escape");

  private Filters() {}

  static void check(String name, int line) {
    if (!NAMES.contains(name)) {
      throw new TemplateException(line, "the filter '" + name + "' is not known");
    }
  }

  static Object apply(
      Run run, String name, Object value, List<Object> arguments, Map<String, Object> named) {
    return switch (name) {
      case "trim" -> Methods.call(run, Values.text(value), "strip", arguments, named);
      case "upper", "lower", "title", "capitalize" ->
          Methods.call(run, Values.text(value), name, arguments, named);
      case "replace" -> Methods.call(run, Values.text(value), name, arguments, named);
      case "length", "count" -> {
        run.charge(value instanceof String text ? text.length() / 16 : 0);
        yield Values.length(value);
      }
      case "tojson" -> run.made(Json.text(value, named.getOrDefault("indent", Special.NONE)));
      case "default", "d" -> otherwise(value, arguments, named);
      case "string" -> run.made(Values.text(value));
      case "safe" -> value;
      case "e", "escape" -> escaped(run, Values.text(value));
      case "int" -> toWhole(value);
      case "float" -> toDecimal(value);
      case "abs" -> value instanceof Long n ? (Object) Math.abs(n) : Math.abs(toDecimal(value));
      case "items" -> Methods.call(run, value, "items", List.of(), Map.of());
      case "indent" -> indented(run, Values.text(value), arguments, named);
      default -> ofElements(run, name, value, arguments, named);
    };
  }

  private static Object argument(String name, List<Object> arguments, int which) {
    if (which >= arguments.size()) {
      throw new TemplateException("the filter '" + name + "' needs an argument");
    }
    return arguments.get(which);
  }

  private static Object otherwise(Object value, List<Object> arguments, Map<String, Object> named) {
    Object falseToo =
        named.getOrDefault("boolean", arguments.size() > 1 ? arguments.get(1) : false);
    boolean there = value != Special.UNDEFINED && (!Values.truth(falseToo) || Values.truth(value));
    return there ? value : arguments.isEmpty() ? "" : arguments.get(0);
  }

  private static long toWhole(Object value) {
    if (value instanceof Long n) {
      return n;
    }
    return (long) toDecimal(value);
  }

  private static double toDecimal(Object value) {
    try {
      return value instanceof Number n ? n.doubleValue() : Double.parseDouble(Values.text(value));
    } catch (NumberFormatException e) {
      return 0; // Jinja's default
    }
  }

  private static String escaped(Run run, String text) {
    return run.made(
        text.replace("&", "&amp;")
            .replace("<", "&lt;")
            .replace(">", "&gt;")
            .replace("\"", "&#34;")
            .replace("'", "&#39;"));
  }

  /** All lines but the first, unless asked for; blank ones stay blank. */
  private static String indented(
      Run run, String text, List<Object> arguments, Map<String, Object> named) {
    Object width = named.getOrDefault("width", arguments.isEmpty() ? 4L : arguments.get(0));
    Object first = named.getOrDefault("first", arguments.size() > 1 ? arguments.get(1) : false);
    String pad = width instanceof Long n ? pad(run, n) : Values.text(width);
    List<String> lines = new ArrayList<>();
    for (String line : text.split("\n", -1)) {
      boolean stays = line.isEmpty() || (lines.isEmpty() && !Values.truth(first));
      lines.add(run.made(stays ? line : pad + line));
    }
    return String.join("\n", lines);
  }

  private static String pad(Run run, long width) {
    run.charge(Math.max(0, width));
    return " ".repeat((int) Math.max(0, width));
  }

  private static Object ofElements(
      Run run, String name, Object value, List<Object> arguments, Map<String, Object> named) {
    List<Object> all = new ArrayList<>(Values.elements(value));
    run.charge(all.size());
    return switch (name) {
      case "first" -> all.isEmpty() ? Special.UNDEFINED : all.get(0);
      case "last" -> all.isEmpty() ? Special.UNDEFINED : all.get(all.size() - 1);
      case "list" -> all;
      case "reverse" -> {
        Collections.reverse(all);
        yield value instanceof String ? joined(run, all, "") : all;
      }
      case "unique" -> new ArrayList<>(new LinkedHashSet<>(all.stream().map(Values::key).toList()));
      case "join" -> joined(run, all, arguments.isEmpty() ? "" : Values.text(arguments.get(0)));
      case "sum" -> all.stream().reduce(0L, (a, b) -> Arithmetic.apply(run, "+", a, b));
      case "min", "max", "sort" -> sorted(name, all, named);
      case "dictsort" -> {
        all.sort((a, b) -> Arithmetic.order("<", a, b));
        yield all.stream().map(key -> List.of(key, Values.item(run, value, key))).toList();
      }
      case "map" -> mapped(run, all, arguments, named);
      default -> chosen(run, name, all, arguments);
    };
  }

  static String joined(Run run, List<?> all, String separator) {
    run.charge((long) all.size() * separator.length());
    return all.stream()
        .map(element -> run.made(Values.text(element)))
        .collect(Collectors.joining(separator));
  }

  private static Object sorted(String name, List<Object> all, Map<String, Object> named) {
    Object attribute = named.getOrDefault("attribute", Special.NONE);
    all.sort((a, b) -> Arithmetic.order("<", key(a, attribute), key(b, attribute)));
    if (Values.truth(named.getOrDefault("reverse", false))) {
      Collections.reverse(all);
    }
    if (name.equals("sort")) {
      return all;
    }
    return all.isEmpty() ? Special.UNDEFINED : all.get(name.equals("min") ? 0 : all.size() - 1);
  }

  private static Object key(Object element, Object attribute) {
    return key(element, attribute, Special.UNDEFINED);
  }

  /** The element's attribute, of which {@code a.b} is that of an attribute; else the element. */
  private static Object key(Object element, Object attribute, Object otherwise) {
    if (!(attribute instanceof String || attribute instanceof Long)) {
      return element;
    }
    Object value = element;
    for (String part : attribute.toString().split("\\.", -1)) {
      value = Values.attribute(value, part);
      value = value == Special.UNDEFINED ? otherwise : value;
    }
    return value;
  }

  private static Object mapped(
      Run run, List<Object> all, List<Object> arguments, Map<String, Object> named) {
    Object attribute = named.get("attribute");
    if (attribute != null) {
      Object otherwise = named.getOrDefault("default", Special.UNDEFINED);
      return all.stream().map(element -> key(element, attribute, otherwise)).toList();
    }
    String filter = Values.text(argument("map", arguments, 0));
    check(filter, 0);
    List<Object> rest = arguments.subList(1, arguments.size());
    return all.stream().map(element -> apply(run, filter, element, rest, Map.of())).toList();
  }

  /** select, reject, selectattr and rejectattr. */
  private static Object chosen(Run run, String name, List<Object> all, List<Object> arguments) {
    boolean ofAttribute = name.endsWith("attr");
    int at = ofAttribute ? 1 : 0;
    String test = arguments.size() > at ? Values.text(arguments.get(at)) : "";
    List<Object> rest = arguments.subList(Math.min(at + 1, arguments.size()), arguments.size());
    if (!test.isEmpty()) {
      Tests.check(test, 0);
    }
    Object attribute = ofAttribute ? argument(name, arguments, 0) : Special.NONE;
    boolean wanted = name.startsWith("select");
    return all.stream()
        .filter(
            element -> {
              Object value = key(element, attribute);
              return (test.isEmpty() ? Values.truth(value) : Tests.holds(run, test, value, rest))
                  == wanted;
            })
        .toList();
  }
}
