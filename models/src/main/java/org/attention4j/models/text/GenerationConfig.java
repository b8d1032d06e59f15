package org.attention4j.models.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.UsageException;
import org.attention4j.generate.Beams;
import org.attention4j.generate.Constraints;
import org.attention4j.generate.Ending;
import org.attention4j.generate.GenerationOptions;
import org.attention4j.generate.Sampling;
import org.attention4j.models.store.JsonFile;

/**
 * How a directory wants its texts generated: {@code generation_config.json}, or in older
 * directories the entries of {@code config.json}, under Hugging Face's names and with its defaults.
 * Immutable.
 */
public final class GenerationConfig {
  public static final String FILE = "generation_config.json";
  private static final String MODEL_FILE = "config.json";
  private static final int DEFAULT_TOP_K = 50;

  /** What would change the text and is not served, with the values that change nothing. */
  private static final Map<String, Set<String>> UNSERVED =
      Map.ofEntries(
          Map.entry("encoder_repetition_penalty", Set.of("1.0", "1")),
          Map.entry("encoder_no_repeat_ngram_size", Set.of("0")),
          Map.entry("num_beam_groups", Set.of("1")),
          Map.entry("diversity_penalty", Set.of("0.0", "0")),
          Map.entry("penalty_alpha", Set.of("0.0", "0")),
          Map.entry("guidance_scale", Set.of("1.0", "1")),
          Map.entry("remove_invalid_values", Set.of("false")),
          Map.entry("token_healing", Set.of("false")),
          Map.entry("top_h", Set.of()),
          Map.entry("sequence_bias", Set.of()),
          Map.entry("exponential_decay_length_penalty", Set.of()),
          Map.entry("forced_decoder_ids", Set.of()),
          Map.entry("force_words_ids", Set.of()),
          Map.entry("constraints", Set.of()),
          Map.entry("watermarking_config", Set.of()),
          Map.entry("dola_layers", Set.of()),
          Map.entry("max_time", Set.of()));

  private final Path file;
  private final ObjectNode json;

  private GenerationConfig(Path file, ObjectNode json) {
    this.file = file;
    this.json = json;
  }

  /**
   * That of a directory; without any file, Hugging Face's defaults.
   *
   * @throws FileFormatException if a file is damaged
   */
  public static GenerationConfig read(Path directory) {
    for (String name : List.of(FILE, MODEL_FILE)) {
      Path file = directory.resolve(name);
      if (Files.exists(file)) {
        return of(file, JsonFile.read(file));
      }
    }
    return of(directory.resolve(FILE), JsonFile.object());
  }

  /** Entries that were read from somewhere, for messages. */
  public static GenerationConfig of(Path file, ObjectNode json) {
    return new GenerationConfig(file, json.deepCopy());
  }

  /** The same with other entries, which win. */
  public GenerationConfig with(ObjectNode entries) {
    ObjectNode merged = json.deepCopy();
    merged.setAll(entries);
    return new GenerationConfig(file, merged);
  }

  /** Whether the directory says how to generate; an older one only names its special tokens. */
  public boolean isGiven() {
    return file.endsWith(FILE) && Files.exists(file);
  }

  /** Tokens that end a text; empty if it does not say. */
  public Set<Long> stopTokens() {
    return tokens("eos_token_id");
  }

  /** What pads short texts. */
  public OptionalLong padToken() {
    return token("pad_token_id");
  }

  /** What a text begins with. */
  public OptionalLong beginToken() {
    return token("bos_token_id");
  }

  /** What an encoder-decoder's answer begins with; the beginning of any text if it does not say. */
  public OptionalLong decoderStart() {
    OptionalLong start = token("decoder_start_token_id");
    return start.isPresent() ? start : beginToken();
  }

  /** Texts that end a text. */
  public List<String> stopStrings() {
    JsonNode value = json.path("stop_strings");
    List<String> strings = new ArrayList<>();
    (value.isTextual() ? List.of(value) : value).forEach(s -> strings.add(s.asText()));
    return strings;
  }

  /** New tokens at most after a prompt, if it says so. */
  public OptionalInt newTokens(int promptLength) {
    if (json.hasNonNull("max_new_tokens")) {
      return OptionalInt.of(whole("max_new_tokens", 0));
    }
    return json.hasNonNull("max_length")
        ? OptionalInt.of(Math.max(0, whole("max_length", 0) - promptLength))
        : OptionalInt.empty();
  }

  /**
   * All of it.
   *
   * @param context longest sequence of the model
   * @param promptLength of the longest prompt: some limits count it
   * @param newTokens at most, if it does not say so
   * @throws FileFormatException if an entry is wrong, or would change the text in a way that is not
   *     served
   */
  public GenerationOptions options(int context, int promptLength, int newTokens) {
    try {
      return read(context, promptLength, newTokens);
    } catch (UsageException e) {
      throw new FileFormatException(file, String.valueOf(e.getMessage()), e);
    }
  }

  private GenerationOptions read(int context, int promptLength, int newTokens) {
    UNSERVED.forEach(this::requireNeutral);
    Ending ending =
        Ending.after(newTokens(promptLength).orElse(newTokens), context).at(stopTokens());
    Beams beams =
        new Beams(
            Math.max(1, whole("num_beams", 1)),
            number("length_penalty", 1),
            switch (json.path("early_stopping").asText("false")) {
              case "true" -> Beams.End.FULL;
              case "never" -> Beams.End.NEVER_BETTER;
              default -> Beams.End.UNLIKELY_BETTER;
            },
            flag("renormalize_logits", false));
    return new GenerationOptions(
        ending,
        constraints(promptLength),
        sampling(),
        beams,
        Math.max(1, whole("num_return_sequences", 1)),
        flag("use_cache", true),
        false);
  }

  /**
   * How tokens are drawn; the seed is 0.
   *
   * @throws FileFormatException if an entry is wrong
   */
  public Sampling sampling() {
    try {
      return drawing();
    } catch (UsageException e) {
      throw new FileFormatException(file, String.valueOf(e.getMessage()), e);
    }
  }

  private Sampling drawing() {
    if (!flag("do_sample", false)) {
      return Sampling.greedy();
    }
    return Sampling.at(number("temperature", 1), 0)
        .withTopK(whole("top_k", DEFAULT_TOP_K))
        .withTopP(number("top_p", 1))
        .withMinP(number("min_p", 0))
        .withTypicalP(number("typical_p", 1))
        .withEpsilon(number("epsilon_cutoff", 0))
        .withEta(number("eta_cutoff", 0));
  }

  private Constraints constraints(int promptLength) {
    int least = Math.max(whole("min_new_tokens", 0), whole("min_length", 0) - promptLength);
    List<List<Long>> forbidden = new ArrayList<>();
    for (JsonNode sequence : json.path("bad_words_ids")) {
      List<Long> tokens = new ArrayList<>();
      sequence.forEach(token -> tokens.add(id("bad_words_ids", token)));
      forbidden.add(tokens);
    }
    return Constraints.none()
        .penalising(number("repetition_penalty", 1))
        .withoutRepeated(whole("no_repeat_ngram_size", 0))
        .forbidding(forbidden)
        .withAtLeast(Math.max(0, least))
        .withFirst(token("forced_bos_token_id"))
        .withLast(token("forced_eos_token_id"))
        .suppressing(tokens("suppress_tokens"), tokens("begin_suppress_tokens"));
  }

  private void requireNeutral(String name, Set<String> neutral) {
    if (json.hasNonNull(name) && !neutral.contains(json.path(name).asText(name))) {
      throw new FileFormatException(
          file, "'" + name + "' is " + json.path(name) + ", which is not supported");
    }
  }

  /** A whole number or a list of them. */
  private Set<Long> tokens(String name) {
    JsonNode value = json.path(name);
    Set<Long> tokens = new LinkedHashSet<>();
    if (value.isArray()) {
      value.forEach(token -> tokens.add(id(name, token)));
    } else if (json.hasNonNull(name)) {
      tokens.add(id(name, value));
    }
    return tokens;
  }

  private OptionalLong token(String name) {
    Set<Long> tokens = tokens(name);
    if (tokens.size() > 1) {
      throw wrong(name, "one token", json.path(name));
    }
    return tokens.stream().mapToLong(token -> token).findFirst();
  }

  private long id(String name, JsonNode token) {
    if (!token.isIntegralNumber() || !token.canConvertToLong() || token.longValue() < 0) {
      throw wrong(name, "a token id", token);
    }
    return token.longValue();
  }

  private int whole(String name, int otherwise) {
    JsonNode value = json.path(name);
    if (!json.hasNonNull(name)) {
      return otherwise;
    }
    if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < 0) {
      throw wrong(name, "a whole number from 0 on", value);
    }
    return value.intValue();
  }

  private double number(String name, double otherwise) {
    JsonNode value = json.path(name);
    if (!json.hasNonNull(name)) {
      return otherwise;
    }
    if (!value.isNumber()) {
      throw wrong(name, "a number", value);
    }
    return value.doubleValue();
  }

  private boolean flag(String name, boolean otherwise) {
    JsonNode value = json.path(name);
    if (!json.hasNonNull(name)) {
      return otherwise;
    }
    if (!value.isBoolean()) {
      throw wrong(name, "true or false", value);
    }
    return value.booleanValue();
  }

  private FileFormatException wrong(String name, String wanted, JsonNode found) {
    return new FileFormatException(file, "'" + name + "' should be " + wanted + ", not " + found);
  }
}
