package org.attention4j.models.text;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A function that a model asked to have called. Immutable, thread-safe.
 *
 * @param id what ties the answer to the call; empty for none. Some templates want one, such as
 *     Mistral's: nine letters and digits
 * @param arguments by name, as {@link TemplateValues} gives them
 */
public record ToolCall(String id, String name, Map<String, Object> arguments) {

  /**
   * A call.
   *
   * @throws org.attention4j.error.UsageException if a template cannot take an argument
   */
  public ToolCall {
    arguments = TemplateValues.of(arguments);
  }

  /** One without an id. */
  public static ToolCall of(String name, Map<String, Object> arguments) {
    return new ToolCall("", name, arguments);
  }

  /** As templates read it from {@code tool_calls}. */
  Map<String, Object> entries() {
    Map<String, Object> call = new LinkedHashMap<>();
    call.put("type", "function");
    if (!id.isEmpty()) {
      call.put("id", id);
    }
    Map<String, Object> function = new LinkedHashMap<>();
    function.put("name", name);
    function.put("arguments", arguments);
    call.put("function", function);
    return call;
  }
}
