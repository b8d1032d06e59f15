package org.attention4j.models.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.UsageException;
import org.attention4j.models.store.JsonFile;
import org.attention4j.models.text.ChatMessage;
import org.attention4j.models.text.TemplateValues;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A conversation to answer, and what the model may use for it. */
final class ConversationFlags {
  private static final String MESSAGES = "messages";

  @Option(
      names = "--chat",
      description = "The prompt is what a user says: write it with the model's chat template.")
  private boolean chat;

  @Option(
      names = "--system",
      paramLabel = "TEXT",
      description = "What the model is told before a conversation.")
  private @Nullable String system;

  @Option(
      names = "--messages",
      paramLabel = "FILE",
      description =
          "A conversation to answer: a JSON list of objects with 'role' and 'content', and what"
              + " else the model's template knows of them ('tool_calls', 'tool_call_id', 'name');"
              + " or an object with such a list 'messages', whose other entries go to the template.")
  private @Nullable Path messages;

  @Option(
      names = "--tools",
      paramLabel = "FILE",
      description = "What the model may call: a JSON list of functions' schemas.")
  private @Nullable Path tools;

  @Option(
      names = "--documents",
      paramLabel = "FILE",
      description =
          "What the model may look up: a JSON list of objects, such as with 'title' and 'text'.")
  private @Nullable Path documents;

  /** Whether there is a file of messages, in the place of a prompt. */
  boolean hasFile() {
    return messages != null;
  }

  /** Whether the answer of a conversation is wanted. */
  boolean wanted() {
    return chat || system != null || messages != null;
  }

  /** What cannot be read is told before a model is opened. */
  void check() {
    if (hasFile()) {
      turns(null);
    }
    more();
    if (!wanted() && (tools != null || documents != null)) {
      throw new UsageException(
          (tools == null ? "--documents" : "--tools") + " goes with --chat or --messages");
    }
  }

  /**
   * The conversation.
   *
   * @param prompt what the user says, if there is no file
   */
  List<ChatMessage> turns(@Nullable String prompt) {
    List<ChatMessage> turns = new ArrayList<>();
    if (system != null) {
      turns.add(ChatMessage.system(system));
    }
    if (messages == null) {
      turns.add(ChatMessage.user(prompt == null ? "" : prompt));
      return turns;
    }
    JsonNode file = JsonFile.readAny(messages);
    JsonNode list = file.isArray() ? file : file.path(MESSAGES);
    if (!list.isArray() || list.isEmpty()) {
      throw new FileFormatException(messages, "has no list 'messages', or an empty one");
    }
    for (JsonNode turn : list) {
      turns.add(message(messages, turns.size(), turn));
    }
    return turns;
  }

  private static ChatMessage message(Path file, int number, JsonNode turn) {
    try {
      if (turn instanceof ObjectNode object) {
        return new ChatMessage(TemplateValues.of(object));
      }
      throw new UsageException("a message should be an object with 'role' and 'content'");
    } catch (UsageException e) {
      throw new FileFormatException(file, "messages[" + number + "]: " + e.getMessage(), e);
    }
  }

  /** What a template may know besides the messages: tools, whether to think, and the like. */
  Map<String, Object> more() {
    Map<String, Object> more = new LinkedHashMap<>();
    if (messages != null && JsonFile.readAny(messages) instanceof ObjectNode object) {
      more.putAll(TemplateValues.of(object.<ObjectNode>without(MESSAGES)));
    }
    add(more, "tools", tools);
    add(more, "documents", documents);
    return more;
  }

  private void add(Map<String, Object> more, String name, @Nullable Path file) {
    if (file == null) {
      return;
    }
    if (more.containsKey(name)) {
      throw new UsageException("give '" + name + "' in " + messages + " or in " + file);
    }
    more.put(name, TemplateValues.value(JsonFile.readArray(file)));
  }
}
