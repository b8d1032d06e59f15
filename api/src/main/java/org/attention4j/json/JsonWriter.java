package org.attention4j.json;

import java.util.Iterator;
import java.util.Map;

/** Writes JSON as ASCII text, on one line. */
public final class JsonWriter {
  private JsonWriter() {}

  /**
   * Writes a tree of maps (with string keys, in their order), iterables, strings, booleans and
   * numbers.
   *
   * @throws IllegalArgumentException for any other object, and for NaN and infinities, which JSON
   *     lacks
   */
  public static String write(Object value) {
    StringBuilder out = new StringBuilder();
    append(out, value);
    return out.toString();
  }

  private static void append(StringBuilder out, Object value) {
    if (value instanceof CharSequence text) {
      quote(out, text);
    } else if (value instanceof Map<?, ?> map) {
      String separator = "{";
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        out.append(separator);
        quote(out, (CharSequence) entry.getKey());
        out.append(':');
        append(out, entry.getValue());
        separator = ",";
      }
      out.append(map.isEmpty() ? "{}" : "}");
    } else if (value instanceof Iterable<?> list) {
      out.append('[');
      for (Iterator<?> each = list.iterator(); each.hasNext(); ) {
        append(out, each.next());
        out.append(each.hasNext() ? "," : "");
      }
      out.append(']');
    } else if (value instanceof Boolean || isFiniteNumber(value)) {
      out.append(value);
    } else {
      throw new IllegalArgumentException("not JSON: " + value);
    }
  }

  private static boolean isFiniteNumber(Object value) {
    return value instanceof Number number
        && !(value instanceof Double && !Double.isFinite(number.doubleValue()))
        && !(value instanceof Float && !Float.isFinite(number.floatValue()));
  }

  private static void quote(StringBuilder out, CharSequence text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"', '\\' -> out.append('\\').append(c);
        case '\n' -> out.append("\\n");
        case '\t' -> out.append("\\t");
        default -> {
          if (c >= ' ' && c < 0x7f) {
            out.append(c);
          } else {
            out.append(String.format("\\u%04x", (int) c));
          }
        }
      }
    }
    out.append('"');
  }
}
