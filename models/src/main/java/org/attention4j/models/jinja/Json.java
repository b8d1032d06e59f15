package org.attention4j.models.jinja;

import java.util.List;
import java.util.Map;

/** JSON as Python's {@code json.dumps(value, ensure_ascii=False)} writes it. */
final class Json {
  private Json() {}

  /** With line breaks if the indent is a number. */
  static String text(Object value, Object indent) {
    StringBuilder text = new StringBuilder();
    write(text, value, indent instanceof Long n ? (int) Math.min(n, 16) : -1, 0);
    return text.toString();
  }

  private static void write(StringBuilder text, Object value, int indent, int depth) {
    Values.bound(text);
    if (value instanceof String string) {
      quote(text, string);
    } else if (value instanceof Map<?, ?> map) {
      String before = "{";
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        text.append(before);
        line(text, indent, depth + 1);
        quote(text, Values.text(entry.getKey()));
        text.append(": ");
        write(text, entry.getValue(), indent, depth + 1);
        before = indent < 0 ? ", " : ",";
      }
      close(text, map.isEmpty(), "{}", indent, depth);
    } else if (value instanceof List<?> list) {
      String before = "[";
      for (Object element : list) {
        text.append(before);
        line(text, indent, depth + 1);
        write(text, element, indent, depth + 1);
        before = indent < 0 ? ", " : ",";
      }
      close(text, list.isEmpty(), "[]", indent, depth);
    } else if (value == Special.NONE) {
      text.append("null");
    } else if (value instanceof Number || value instanceof Boolean) {
      text.append(value);
    } else {
      throw new TemplateException(Values.describe(value) + " cannot be written as JSON");
    }
  }

  private static void close(
      StringBuilder text, boolean empty, String brackets, int indent, int depth) {
    if (empty) {
      text.append(brackets);
    } else {
      line(text, indent, depth);
      text.append(brackets.charAt(1));
    }
  }

  private static void line(StringBuilder text, int indent, int depth) {
    if (indent >= 0) {
      text.append('\n').append(" ".repeat(indent * depth));
    }
  }

  private static void quote(StringBuilder text, String string) {
    text.append('"');
    for (int i = 0; i < string.length(); i++) {
      char c = string.charAt(i);
      switch (c) {
        case '"', '\\' -> text.append('\\').append(c);
        case '\n' -> text.append("\\n");
        case '\r' -> text.append("\\r");
        case '\t' -> text.append("\\t");
        case '\b' -> text.append("\\b");
        case '\f' -> text.append("\\f");
        default -> {
          if (c < ' ') {
            text.append(String.format("\\u%04x", (int) c));
          } else {
            text.append(c);
          }
        }
      }
    }
    text.append('"');
  }
}
