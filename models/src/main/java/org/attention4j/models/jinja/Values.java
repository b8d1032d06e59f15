package org.attention4j.models.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Values as Python sees them: {@link String}, {@link Long}, {@link Double}, {@link Boolean}, {@link
 * List}, {@link Map}, {@link Function} and {@link Special}.
 */
final class Values {
  private static final int MAX_TEXT = 1 << 22;

  private Values() {}

  static boolean truth(Object value) {
    if (value instanceof Boolean bool) {
      return bool;
    }
    if (value instanceof Number number) {
      return number.doubleValue() != 0;
    }
    if (value instanceof Special) {
      return false;
    }
    return !(value instanceof String text && text.isEmpty())
        && !(value instanceof List<?> list && list.isEmpty())
        && !(value instanceof Map<?, ?> map && map.isEmpty());
  }

  /** What is printed. */
  static String text(Object value) {
    if (value instanceof String text) {
      return text;
    }
    return value == Special.UNDEFINED ? "" : representation(value);
  }

  /** As Python's {@code repr}. */
  static String representation(Object value) {
    StringBuilder text = new StringBuilder();
    represent(text, value);
    return text.toString();
  }

  private static void represent(StringBuilder text, Object value) {
    if (value instanceof String string) {
      quote(text, string);
    } else if (value instanceof Boolean bool) {
      text.append(bool ? "True" : "False");
    } else if (value instanceof List<?> list) {
      String before = "[";
      for (Object element : list) {
        represent(text.append(before), element);
        before = ", ";
      }
      text.append(list.isEmpty() ? "[]" : "]");
    } else if (value instanceof Map<?, ?> map) {
      String before = "{";
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        represent(text.append(before), entry.getKey());
        represent(text.append(": "), entry.getValue());
        before = ", ";
      }
      text.append(map.isEmpty() ? "{}" : "}");
    } else {
      text.append(value == Special.NONE ? "None" : value.toString());
    }
    bound(text);
  }

  /** Lists may share elements, so that a small one has a huge text. */
  static void bound(StringBuilder text) {
    if (text.length() > MAX_TEXT) {
      throw new TemplateException(
          "a list or map has a text of more than " + MAX_TEXT + " characters");
    }
  }

  private static void quote(StringBuilder text, String string) {
    String quote = string.contains("'") && !string.contains("\"") ? "\"" : "'";
    String escaped =
        string.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r");
    text.append(quote)
        .append(quote.equals("'") ? escaped.replace("'", "\\'") : escaped)
        .append(quote);
  }

  /** Only values that do not change and are small are keys. */
  static Object key(Object value) {
    if (value instanceof List<?> || value instanceof Map<?, ?> || value instanceof Function) {
      throw new TemplateException(describe(value) + " cannot be a key");
    }
    return value;
  }

  /** For messages. */
  static String describe(Object value) {
    if (value == Special.UNDEFINED) {
      return "an undefined value";
    }
    String text = representation(value);
    return text.length() > 60 ? text.substring(0, 60) + ".." : text;
  }

  /** What a loop runs over. */
  static List<?> elements(Object value) {
    if (value instanceof List<?> list) {
      return list;
    }
    if (value instanceof Map<?, ?> map) {
      return new ArrayList<>(map.keySet());
    }
    if (value instanceof String text) {
      return text.codePoints().mapToObj(Character::toString).toList();
    }
    if (value == Special.UNDEFINED) {
      return List.of();
    }
    throw new TemplateException(describe(value) + " has no elements");
  }

  static long length(Object value) {
    if (value instanceof String text) {
      return text.codePointCount(0, text.length());
    }
    if (value instanceof Map<?, ?> map) {
      return map.size();
    }
    return elements(value).size();
  }

  /** {@code value.name}; a number is an index. */
  static Object attribute(Object value, String name) {
    if (value instanceof Map<?, ?> map) {
      Object found = map.get(name);
      return found == null ? Special.UNDEFINED : found;
    }
    if (value == Special.UNDEFINED) {
      throw new TemplateException("takes '" + name + "' of an undefined value");
    }
    if (value instanceof List<?> list && name.matches("[0-9]{1,9}")) {
      int index = Integer.parseInt(name);
      return index < list.size() ? list.get(index) : Special.UNDEFINED;
    }
    return Special.UNDEFINED;
  }

  /** {@code value[key]}. */
  static Object item(Run run, Object value, Object key) {
    run.charge(value instanceof String text ? text.length() : 0);
    if (key instanceof Long index && (value instanceof List<?> || value instanceof String)) {
      List<?> elements = elements(value);
      long at = index < 0 ? index + elements.size() : index;
      return at < 0 || at >= elements.size() ? Special.UNDEFINED : elements.get((int) at);
    }
    if (value instanceof Map<?, ?> map) {
      Object found = map.get(key(key));
      return found == null ? Special.UNDEFINED : found;
    }
    if (value == Special.UNDEFINED) {
      throw new TemplateException("takes item " + describe(key) + " of an undefined value");
    }
    return Special.UNDEFINED;
  }

  /** {@code value[from:to:step]}; absent bounds are NONE. */
  static Object slice(Run run, Object value, List<Object> bounds) {
    List<?> all = elements(value);
    long step = bound(bounds, 2, 1);
    if (step == 0) {
      throw new TemplateException("a slice has the step 0");
    }
    long size = all.size();
    long from = clamp(bound(bounds, 0, step > 0 ? 0 : size - 1), size, step);
    long to = absent(bounds, 1) ? (step > 0 ? size : -1) : clamp(bound(bounds, 1, 0), size, step);
    List<Object> part = new ArrayList<>();
    for (long i = from; step > 0 ? i < to : i > to; i += step) {
      part.add(all.get((int) i));
    }
    run.charge(part.size());
    return value instanceof String
        ? part.stream().map(Object::toString).collect(Collectors.joining())
        : part;
  }

  private static boolean absent(List<Object> bounds, int which) {
    return which >= bounds.size() || bounds.get(which) == Special.NONE;
  }

  private static long bound(List<Object> bounds, int which, long otherwise) {
    if (absent(bounds, which)) {
      return otherwise;
    }
    if (bounds.get(which) instanceof Long number) {
      return Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, number));
    }
    throw new TemplateException("a slice has the bound " + describe(bounds.get(which)));
  }

  private static long clamp(long index, long size, long step) {
    long at = index < 0 ? index + size : index;
    return step > 0 ? Math.max(0, Math.min(size, at)) : Math.max(-1, Math.min(size - 1, at));
  }
}
