package org.attention4j.models.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.attention4j.error.AttentionException;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.StorageException;
import org.attention4j.error.UsageException;
import org.attention4j.models.jinja.Function;
import org.attention4j.models.jinja.Special;
import org.attention4j.models.jinja.Template;
import org.attention4j.models.jinja.TemplateException;
import org.attention4j.models.store.JsonFile;
import org.jspecify.annotations.Nullable;

/**
 * How a model wants a conversation written: the Jinja template of {@code chat_template.jinja} or of
 * {@code tokenizer_config.json}, with the names that transformers gives it. Immutable, thread-safe.
 *
 * <p>The text already holds the special tokens; encode it without adding any.
 */
public final class ChatTemplate {
  private static final String TEMPLATE_FILE = "chat_template.jinja";
  private static final String CONFIG_FILE = "tokenizer_config.json";
  private static final String MORE_TEMPLATES = "additional_chat_templates";
  private static final String ENTRY = "chat_template";
  private static final String DEFAULT = "default";
  private static final String WITH_TOOLS = "tool_use";
  private static final String TOOLS = "tools";
  private static final String DOCUMENTS = "documents";
  private static final long MAX_BYTES = 4L << 20;

  private final String source;
  private final Template template;
  private final Map<String, Object> tokens;
  private final Clock clock;

  private ChatTemplate(String source, Template template, Map<String, Object> tokens, Clock clock) {
    this.source = source;
    this.template = template;
    this.tokens = Map.copyOf(tokens);
    this.clock = clock;
  }

  /**
   * A template.
   *
   * @param tokens special tokens by the names that templates use: {@code bos_token}, {@code
   *     eos_token}
   * @throws org.attention4j.models.jinja.TemplateException if it cannot be read
   */
  public static ChatTemplate of(String template, Map<String, String> tokens) {
    return new ChatTemplate(
        "the chat template",
        Template.parse(template),
        new LinkedHashMap<>(tokens),
        Clock.system(ZoneId.systemDefault()));
  }

  /** Whether a directory has one. */
  public static boolean in(Path directory) {
    return Files.exists(directory.resolve(TEMPLATE_FILE))
        || (Files.exists(directory.resolve(CONFIG_FILE))
            && JsonFile.read(directory.resolve(CONFIG_FILE)).hasNonNull(ENTRY));
  }

  /**
   * That of a directory.
   *
   * @throws UsageException if it has none
   * @throws FileFormatException if it cannot be read
   */
  public static ChatTemplate read(Path directory) {
    return read(directory, DEFAULT);
  }

  /**
   * That of a directory for conversations with tools: the one named {@code tool_use} where there
   * are several, as in transformers.
   *
   * @throws UsageException if it has none
   * @throws FileFormatException if it cannot be read
   */
  public static ChatTemplate readForTools(Path directory) {
    return read(directory, WITH_TOOLS);
  }

  private static ChatTemplate read(Path directory, String name) {
    Path configFile = directory.resolve(CONFIG_FILE);
    ObjectNode config = Files.exists(configFile) ? JsonFile.read(configFile) : JsonFile.object();
    Path usual = directory.resolve(TEMPLATE_FILE);
    Path named = directory.resolve(MORE_TEMPLATES).resolve(name + ".jinja");
    Path file = !name.equals(DEFAULT) && Files.exists(named) ? named : usual;
    String text = Files.exists(file) ? text(file) : chosen(configFile, config.path(ENTRY), name);
    Path source = Files.exists(file) ? file : configFile;
    if (text.isEmpty()) {
      throw new UsageException(
          directory
              + " has no chat template: neither "
              + TEMPLATE_FILE
              + " nor an entry '"
              + ENTRY
              + "' in "
              + CONFIG_FILE);
    }
    Map<String, Object> tokens = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : config.properties()) {
      if (entry.getKey().endsWith("_token")) {
        JsonNode token = entry.getValue();
        JsonNode content = token.isObject() ? token.path("content") : token;
        if (content.isTextual()) {
          tokens.put(entry.getKey(), content.textValue());
        }
      }
    }
    try {
      return new ChatTemplate(
          source.toString(), Template.parse(text), tokens, Clock.system(ZoneId.systemDefault()));
    } catch (AttentionException e) {
      throw new FileFormatException(source, "its chat template: " + e.getMessage(), e);
    }
  }

  /** Text, or a list of named templates: the one wanted, else the default. */
  private static String chosen(Path file, JsonNode entry, String wanted) {
    if (!entry.isArray()) {
      return entry.asText("");
    }
    Map<String, String> templates = new LinkedHashMap<>();
    entry.forEach(e -> templates.put(e.path("name").asText(), e.path("template").asText()));
    String text = templates.getOrDefault(wanted, templates.get(DEFAULT));
    if (text == null) {
      throw new FileFormatException(
          file, "has the chat templates " + templates.keySet() + ", none named '" + DEFAULT + "'");
    }
    return text;
  }

  private static String text(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new FileFormatException(file, "is too large for a chat template");
      }
      return Files.readString(file);
    } catch (CharacterCodingException e) {
      throw new FileFormatException(file, "is no UTF-8 text", e);
    } catch (IOException e) {
      throw StorageException.of("cannot read " + file, e);
    }
  }

  /** The same with another clock, for templates that write the date. */
  public ChatTemplate at(Clock other) {
    return new ChatTemplate(source, template, tokens, other);
  }

  /** The conversation, ending where the assistant begins to answer. */
  public String prompt(List<ChatMessage> messages) {
    return render(messages, true, Map.of());
  }

  /**
   * The conversation.
   *
   * @param toAnswer whether the assistant's turn begins at the end
   * @param more values for names that this template knows: {@code tools} and {@code documents},
   *     lists of maps, or any other; see {@link TemplateValues}
   * @throws UsageException if the template refuses the conversation, or a value is of the wrong
   *     kind
   */
  public String render(List<ChatMessage> messages, boolean toAnswer, Map<String, Object> more) {
    if (messages.isEmpty()) {
      throw new UsageException("a conversation needs a message");
    }
    Map<String, Object> names = new LinkedHashMap<>(tokens);
    names.put("messages", messages.stream().map(ChatMessage::entries).toList());
    names.put("add_generation_prompt", toAnswer);
    names.put(TOOLS, Special.NONE);
    names.put(DOCUMENTS, Special.NONE);
    names.put("raise_exception", (Function) (arguments, named) -> refuse(arguments));
    names.put("strftime_now", (Function) (arguments, named) -> now(arguments));
    names.putAll(TemplateValues.of(more));
    requireMaps(TOOLS, "JSON schemas of functions", names.get(TOOLS));
    requireMaps(DOCUMENTS, "objects, such as with 'title' and 'text'", names.get(DOCUMENTS));
    try {
      return template.render(names);
    } catch (TemplateException e) {
      throw e.in(source);
    }
  }

  private static void requireMaps(String name, String what, @Nullable Object value) {
    boolean maps =
        value == Special.NONE
            || (value instanceof List<?> list && list.stream().allMatch(Map.class::isInstance));
    if (!maps) {
      throw new UsageException("'" + name + "' should be a list of " + what);
    }
  }

  private Object refuse(List<Object> arguments) {
    throw new UsageException(source + " refuses the conversation: " + arguments);
  }

  private Object now(List<Object> arguments) {
    if (arguments.size() != 1 || !(arguments.get(0) instanceof String format)) {
      throw new UsageException("strftime_now takes a format, not " + arguments);
    }
    LocalDateTime now = LocalDateTime.now(clock);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < format.length(); i += format.charAt(i) == '%' ? 2 : 1) {
      char code = i + 1 < format.length() ? format.charAt(i + 1) : '%';
      if (format.charAt(i) != '%') {
        text.append(format.charAt(i));
      } else if (code == '%') {
        text.append('%');
      } else {
        text.append(DateTimeFormatter.ofPattern(pattern(code), Locale.ENGLISH).format(now));
      }
    }
    return text.toString();
  }

  private static String pattern(char code) {
    return switch (code) {
      case 'd' -> "dd";
      case 'm' -> "MM";
      case 'b' -> "MMM";
      case 'B' -> "MMMM";
      case 'y' -> "yy";
      case 'Y' -> "yyyy";
      case 'H' -> "HH";
      case 'I' -> "hh";
      case 'M' -> "mm";
      case 'S' -> "ss";
      case 'p' -> "a";
      case 'a' -> "EEE";
      case 'A' -> "EEEE";
      case 'j' -> "DDD";
      default -> throw new UsageException("strftime_now does not know %" + code);
    };
  }
}
