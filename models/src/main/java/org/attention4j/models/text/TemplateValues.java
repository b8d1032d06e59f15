package org.attention4j.models.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.error.UsageException;
import org.attention4j.models.jinja.Function;
import org.attention4j.models.jinja.Special;
import org.attention4j.models.store.JsonFile;
import org.jspecify.annotations.Nullable;

/**
 * Values as {@link ChatTemplate#render} takes them: texts, {@code Long} or {@code BigInteger},
 * {@code Double}, {@code Boolean}, {@link Special#NONE}, lists, and maps with texts as keys.
 */
public final class TemplateValues {
  private static final BigInteger LEAST = BigInteger.valueOf(Long.MIN_VALUE);
  private static final BigInteger MOST = BigInteger.valueOf(Long.MAX_VALUE);

  private TemplateValues() {}

  /**
   * Reads a JSON value, such as a list of tools.
   *
   * @throws UsageException if it is no JSON
   */
  public static Object parse(String json) {
    return value(JsonFile.parse(json));
  }

  /** The entries of a JSON object, in order. */
  public static Map<String, Object> of(ObjectNode object) {
    Map<String, Object> map = new LinkedHashMap<>();
    object.properties().forEach(entry -> map.put(entry.getKey(), value(entry.getValue())));
    return Collections.unmodifiableMap(map);
  }

  /**
   * A map of any values, in its order.
   *
   * @throws UsageException if a value is of a class that no template takes, or a key is no text
   */
  public static Map<String, Object> of(Map<?, ?> values) {
    Map<String, Object> map = new LinkedHashMap<>();
    values.forEach(
        (key, value) -> {
          if (!(key instanceof String name)) {
            throw new UsageException("a key of a template's values should be a text, not " + key);
          }
          map.put(name, value(value));
        });
    return Collections.unmodifiableMap(map);
  }

  /**
   * One value: Java's other numbers, null, arrays of objects and Jackson's trees are taken, too.
   *
   * @throws UsageException if it is of a class that no template takes
   */
  public static Object value(@Nullable Object value) {
    if (value instanceof JsonNode json) {
      return json(json);
    }
    if (value instanceof Map<?, ?> map) {
      return of(map);
    }
    if (value instanceof Object[] array) {
      return list(Arrays.asList(array));
    }
    if (value instanceof Collection<?> elements) {
      return list(elements);
    }
    if (value instanceof Integer || value instanceof Short || value instanceof Byte) {
      return ((Number) value).longValue();
    }
    if (value instanceof BigInteger whole) {
      return whole.compareTo(LEAST) < 0 || whole.compareTo(MOST) > 0
          ? whole
          : (Object) whole.longValue();
    }
    if (value instanceof Float number) {
      return number.doubleValue();
    }
    if (value == null) {
      return Special.NONE;
    }
    if (value instanceof String
        || value instanceof Long
        || value instanceof Double
        || value instanceof Boolean
        || value instanceof Special
        || value instanceof Function) {
      return value;
    }
    throw new UsageException(
        "a template takes texts, numbers, booleans, lists and maps, not "
            + value.getClass().getName());
  }

  private static Object json(JsonNode json) {
    if (json instanceof ObjectNode object) {
      return of(object);
    }
    if (json.isArray()) {
      List<JsonNode> elements = new ArrayList<>();
      json.forEach(elements::add);
      return list(elements);
    }
    if (json.isBoolean()) {
      return json.booleanValue();
    }
    if (json.isNumber()) {
      return json.isIntegralNumber() ? value(json.bigIntegerValue()) : json.doubleValue();
    }
    return json.isNull() ? Special.NONE : json.asText();
  }

  private static List<Object> list(Collection<?> elements) {
    List<Object> list = new ArrayList<>();
    elements.forEach(element -> list.add(value(element)));
    return Collections.unmodifiableList(list);
  }
}
