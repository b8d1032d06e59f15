package org.attention4j.models.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.UsageException;
import org.attention4j.generate.TimeStamps;
import org.attention4j.models.store.JsonFile;
import org.jspecify.annotations.Nullable;

/**
 * What Whisper's decoder begins with (Radford et al. 2022, section 2.3): the start, a language, a
 * task, and whether no time stamps are wanted, from {@code generation_config.json}.
 */
final class SpeechPrompt {
  private static final String FORCED = "forced_decoder_ids";

  private static final String NO_STAMPS = "no_timestamps_token_id";
  private static final List<String> UNSERVED =
      List.of(
          "compression_ratio_threshold",
          "logprob_threshold",
          "no_speech_threshold",
          "condition_on_prev_tokens");

  private final Path file;
  private final ObjectNode json;
  private final @Nullable JsonNode forced;

  private SpeechPrompt(Path file, ObjectNode json, @Nullable JsonNode forced) {
    this.file = file;
    this.json = json;
    this.forced = forced;
  }

  /** Entries of {@code config.json} count where the other file is missing. */
  static SpeechPrompt read(Path directory) {
    Path model = directory.resolve("config.json");
    Path given = directory.resolve(GenerationConfig.FILE);
    Path file = Files.exists(given) ? given : model;
    ObjectNode json = JsonFile.read(file);
    for (String name : UNSERVED) {
      if (json.hasNonNull(name) && !json.path(name).equals(BooleanNode.FALSE)) {
        throw new FileFormatException(
            file, "'" + name + "' is " + json.path(name) + ", which is not supported");
      }
    }
    JsonNode forced = json.path(FORCED);
    JsonNode older = forced.isArray() ? forced : JsonFile.read(model).path(FORCED);
    return new SpeechPrompt(file, json, older.isArray() && !older.isEmpty() ? older : null);
  }

  /** How tokens are chosen after the prompt. */
  GenerationConfig generation() {
    ObjectNode rest = json.deepCopy();
    rest.remove(FORCED);
    return GenerationConfig.of(file, rest);
  }

  /** Tokens of languages by code, {@code en}. */
  Map<String, Long> languages() {
    Map<String, Long> languages = new LinkedHashMap<>();
    ids("lang_to_id").forEach((name, id) -> languages.put(name.replaceAll("[<|>]", ""), id));
    return languages;
  }

  private Map<String, Long> ids(String name) {
    Map<String, Long> ids = new LinkedHashMap<>();
    json.path(name)
        .properties()
        .forEach(entry -> ids.put(entry.getKey(), id(name, entry.getValue())));
    return ids;
  }

  private long id(String name, JsonNode value) {
    if (!value.isIntegralNumber() || value.longValue() < 0) {
      throw new FileFormatException(file, "'" + name + "' holds " + value + ", which is no token");
    }
    return value.longValue();
  }

  /** Whether the file asks for time stamps. */
  boolean stamped() {
    return json.path("return_timestamps").asBoolean();
  }

  /**
   * How time stamps come, or null if the model has none.
   *
   * @param vocabulary of the model
   */
  @Nullable TimeStamps stamps(int vocabulary) {
    if (!json.hasNonNull(NO_STAMPS)) {
      return null;
    }
    long first = id(NO_STAMPS, json.path(NO_STAMPS)) + 1;
    Set<Long> stops = generation().stopTokens();
    if (first >= vocabulary || stops.isEmpty()) {
      return null;
    }
    try {
      JsonNode latest = json.path("max_initial_timestamp_index");
      return new TimeStamps(first, Collections.min(stops), latest.asLong(-1));
    } catch (UsageException e) {
      throw new FileFormatException(file, String.valueOf(e.getMessage()), e);
    }
  }

  /** The first token. */
  long start() {
    return id("decoder_start_token_id", json.path("decoder_start_token_id"));
  }

  /**
   * The tokens.
   *
   * @param language code, or null for what the file says, or else what is heard
   * @param task {@code transcribe} or {@code translate}, or null for what the file says
   * @param stamped whether time stamps are wanted
   * @param heard token of the language that is spoken, asked for at most once
   * @throws UsageException if the model does not know the language or the task
   */
  long[] tokens(
      @Nullable String language, @Nullable String task, boolean stamped, LongSupplier heard) {
    if (json.has("is_multilingual")
        && !json.path("is_multilingual").asBoolean()
        && (language != null || task != null)) {
      throw new UsageException(
          "the model knows one language and one task; leave language and task out");
    }
    String spoken = language == null ? json.path("language").asText(null) : language;
    String wanted = task == null ? json.path("task").asText(null) : task;
    List<@Nullable Long> tokens = new ArrayList<>();
    tokens.add(start());
    if (spoken == null && wanted == null && forced != null) {
      addForced(forced, tokens);
    }
    boolean open = tokens.size() == 1 || tokens.get(1) == null;
    @Nullable Long chosen =
        spoken != null
            ? (Long) known("language", code(spoken), languages())
            : open && !languages().isEmpty() ? (Long) heard.getAsLong() : null;
    if (chosen != null && tokens.size() > 1) {
      tokens.set(1, chosen);
    } else if (chosen != null) {
      tokens.add(chosen);
    }
    Map<String, Long> tasks = ids("task_to_id");
    if (wanted != null) {
      tokens.add(known("task", wanted, tasks));
    } else if (spoken != null && !tasks.isEmpty()) {
      tokens.add(known("task", "transcribe", tasks));
    }
    if (json.hasNonNull(NO_STAMPS)) {
      Long none = id(NO_STAMPS, json.path(NO_STAMPS));
      boolean there = none.equals(tokens.get(tokens.size() - 1));
      if (stamped && there) {
        tokens.remove(tokens.size() - 1);
      } else if (!stamped && !there) {
        tokens.add(none);
      }
    }
    return tokens.stream().filter(t -> t != null).mapToLong(Long::longValue).toArray();
  }

  private static String code(String language) {
    return language.toLowerCase(Locale.ROOT).replaceAll("[<|>]", "");
  }

  private static long known(String what, String name, Map<String, Long> ids) {
    Long id = ids.get(name);
    if (id == null) {
      throw new UsageException(
          "the model knows no " + what + " '" + name + "', only " + ids.keySet());
    }
    return id;
  }

  /** Pairs of a place, counted from 1 on without a gap, and its token, null for an open one. */
  private void addForced(JsonNode pairs, List<@Nullable Long> tokens) {
    for (JsonNode pair : pairs) {
      if (pair.size() != 2 || pair.path(0).asInt() != tokens.size()) {
        throw new FileFormatException(
            file, "'" + FORCED + "' should be pairs of places 1, 2 ... and tokens, not " + pairs);
      }
      tokens.add(pair.path(1).isNull() ? null : (Long) id(FORCED, pair.path(1)));
    }
  }
}
