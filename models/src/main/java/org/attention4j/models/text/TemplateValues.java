package org.attention4j.models.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.models.jinja.Special;

/** JSON as {@link ChatTemplate#render} takes values, such as the list {@code tools}. */
public final class TemplateValues {
  private TemplateValues() {}

  /** The entries, in order. */
  public static Map<String, Object> of(ObjectNode json) {
    Map<String, Object> map = new LinkedHashMap<>();
    json.properties().forEach(entry -> map.put(entry.getKey(), value(entry.getValue())));
    return map;
  }

  private static Object value(JsonNode json) {
    if (json instanceof ObjectNode object) {
      return of(object);
    }
    if (json.isArray()) {
      List<Object> list = new ArrayList<>();
      json.forEach(element -> list.add(value(element)));
      return list;
    }
    if (json.isBoolean()) {
      return json.booleanValue();
    }
    if (json.isNumber()) {
      return json.canConvertToLong() && json.isIntegralNumber()
          ? (Object) json.longValue()
          : json.doubleValue();
    }
    return json.isNull() ? Special.NONE : json.asText();
  }
}
