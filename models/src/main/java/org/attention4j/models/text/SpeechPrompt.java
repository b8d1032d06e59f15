package org.attention4j.models.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
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

  /**
   * What is wanted, and where nothing is said, what the file says.
   *
   * @throws FileFormatException if an entry of the file is wrong
   * @throws UsageException if silence is to be judged without a threshold of log-probabilities
   */
  SpeechFallback fallback(SpeechFallback wanted) {
    SpeechFallback all =
        new SpeechFallback(
            wanted.temperatures(),
            or(wanted.compressionRatio(), "compression_ratio_threshold"),
            or(wanted.logProbability(), "logprob_threshold"),
            or(wanted.noSpeech(), "no_speech_threshold"),
            wanted.previousText() || json.path("condition_on_prev_tokens").asBoolean(),
            wanted.seed());
    if (all.noSpeech().isPresent() && all.logProbability().isEmpty()) {
      throw new UsageException(
          "a threshold for silence counts for unlikely texts only: give a threshold of"
              + " log-probabilities, too");
    }
    if (all.noSpeech().isPresent() && (!json.hasNonNull(NO_STAMPS) || silence() < 0)) {
      throw new UsageException(
          "the model has no token for silence: that before the one of generation_config.json's "
              + NO_STAMPS);
    }
    return all;
  }

  private OptionalDouble or(OptionalDouble wanted, String name) {
    JsonNode value = json.path(name);
    if (wanted.isPresent() || !json.hasNonNull(name)) {
      return wanted;
    }
    if (!value.isNumber()) {
      throw new FileFormatException(file, "'" + name + "' should be a number, not " + value);
    }
    return OptionalDouble.of(value.doubleValue());
  }

  /** The token for silence. */
  long silence() {
    return id(NO_STAMPS, json.path(NO_STAMPS)) - 1;
  }

  /** The token that announces previous text, if there is one. */
  OptionalLong previous() {
    if (json.hasNonNull("prev_sot_token_id")) {
      return OptionalLong.of(id("prev_sot_token_id", json.path("prev_sot_token_id")));
    }
    JsonNode suppressed = json.path("suppress_tokens");
    return suppressed.size() < 2 // older files have it there, in this place
        ? OptionalLong.empty()
        : OptionalLong.of(id("suppress_tokens", suppressed.path(suppressed.size() - 2)));
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
