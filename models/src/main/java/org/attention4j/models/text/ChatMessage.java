package org.attention4j.models.text;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.error.UsageException;

/**
 * One turn of a conversation: what the model's template sees of it, by the names that transformers
 * has. {@code role} is {@code system}, {@code user}, {@code assistant}, {@code tool} or what else
 * the template knows; {@code content} is mostly a text, but may be a list of parts, or missing
 * where {@code tool_calls} stand for it. Immutable, thread-safe.
 *
 * @param entries as {@link TemplateValues} gives them
 */
public record ChatMessage(Map<String, Object> entries) {
  private static final String ROLE = "role";
  private static final String CONTENT = "content";
  private static final String CALLS = "tool_calls";

  /**
   * A turn of any entries.
   *
   * @throws UsageException if the role is no text, if there are neither content nor calls, or if a
   *     template cannot take a value
   */
  public ChatMessage {
    entries = TemplateValues.of(entries);
    if (!(entries.get(ROLE) instanceof String)) {
      throw new UsageException("a message needs a text 'role'; it has " + entries.keySet());
    }
    if (!entries.containsKey(CONTENT) && !entries.containsKey(CALLS)) {
      throw new UsageException(
          "a message needs 'content', or 'tool_calls'; it has " + entries.keySet());
    }
  }

  /** A turn of text. */
  public ChatMessage(String role, String content) {
    this(ordered(role, CONTENT, content));
  }

  /** What the model is told before the conversation. */
  public static ChatMessage system(String content) {
    return new ChatMessage("system", content);
  }

  /** What somebody says to the model. */
  public static ChatMessage user(String content) {
    return new ChatMessage("user", content);
  }

  /** What the model said. */
  public static ChatMessage assistant(String content) {
    return new ChatMessage("assistant", content);
  }

  /** What the model asked to have called; what that gave follows as {@link #answer}. */
  public static ChatMessage calling(ToolCall... calls) {
    return new ChatMessage(
        ordered("assistant", CALLS, Arrays.stream(calls).map(ToolCall::entries).toList()));
  }

  /** What a call gave. */
  public static ChatMessage answer(ToolCall call, String content) {
    ChatMessage answer = new ChatMessage("tool", content).with("name", call.name());
    return call.id().isEmpty() ? answer : answer.with("tool_call_id", call.id());
  }

  /**
   * The same with one more entry, or another value of one.
   *
   * @throws UsageException if a template cannot take the value
   */
  public ChatMessage with(String entry, Object value) {
    Map<String, Object> more = new LinkedHashMap<>(entries);
    more.put(entry, value);
    return new ChatMessage(more);
  }

  /** Who speaks. */
  public String role() {
    return String.valueOf(entries.get(ROLE));
  }

  /** What is said; empty where the content is no text. */
  public String content() {
    return entries.get(CONTENT) instanceof String text ? text : "";
  }

  private static Map<String, Object> ordered(String role, String entry, Object value) {
    Map<String, Object> entries = new LinkedHashMap<>(); // templates may print them in order
    entries.put(ROLE, role);
    entries.put(entry, value);
    return entries;
  }
}
