package org.attention4j.models.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.UsageException;
import org.attention4j.models.store.JsonFile;

/**
 * What a sentence encoder's directory says about its texts: {@code sentence_bert_config.json} and
 * {@code config_sentence_transformers.json}.
 *
 * @param longest tokens of a text at most, if it says so
 * @param lowerCase whether texts are written in lower case first
 * @param prompts texts that are put before others, by name
 * @param pooledPrompt whether the tokens of a prompt are part of the vector
 * @param usualPrompt the name of the one that is put before all that name none; may be empty
 */
record SentenceConfig(
    OptionalInt longest,
    boolean lowerCase,
    Map<String, String> prompts,
    boolean pooledPrompt,
    String usualPrompt) {
  /** The first one that is there counts. */
  private static final List<String> ENCODERS =
      List.of(
          "sentence_bert_config.json",
          "sentence_roberta_config.json",
          "sentence_distilbert_config.json",
          "sentence_xlm-roberta_config.json");

  private static final String PROMPTS = "config_sentence_transformers.json";

  private static final String POOLING = "1_Pooling/config.json";

  SentenceConfig {
    prompts = new LinkedHashMap<>(prompts);
  }

  /**
   * Reads the files that are there.
   *
   * @throws FileFormatException if one is damaged
   */
  static SentenceConfig read(Path directory) {
    Path encoderFile =
        ENCODERS.stream()
            .map(directory::resolve)
            .filter(Files::exists)
            .findFirst()
            .orElse(directory.resolve(ENCODERS.get(0)));
    ObjectNode encoder = object(encoderFile);
    Path file = directory.resolve(PROMPTS);
    ObjectNode json = object(file);
    Map<String, String> prompts = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> prompt : json.path("prompts").properties()) {
      if (!prompt.getValue().isTextual()) {
        throw new FileFormatException(
            file, "prompt '" + prompt.getKey() + "' is no text: " + prompt.getValue());
      }
      prompts.put(prompt.getKey(), prompt.getValue().textValue());
    }
    String usual = json.path("default_prompt_name").asText("");
    if (json.path("default_prompt_name").isNull()) {
      usual = "";
    }
    if (!usual.isEmpty() && !prompts.containsKey(usual)) {
      throw new FileFormatException(file, "has no prompt '" + usual + "', its default");
    }
    return new SentenceConfig(
        longest(encoderFile, encoder.path("max_seq_length")),
        encoder.path("do_lower_case").asBoolean(false),
        prompts,
        object(directory.resolve(POOLING)).path("include_prompt").asBoolean(true),
        usual);
  }

  private static ObjectNode object(Path file) {
    return Files.exists(file) ? JsonFile.read(file) : JsonFile.object();
  }

  private static OptionalInt longest(Path file, JsonNode value) {
    if (value.isMissingNode() || value.isNull()) {
      return OptionalInt.empty();
    }
    if (!value.canConvertToInt() || !value.isIntegralNumber() || value.intValue() < 1) {
      throw new FileFormatException(
          file, "'max_seq_length' should be a whole number from 1 on, not " + value);
    }
    return OptionalInt.of(value.intValue());
  }

  /**
   * The prompt of a name.
   *
   * @throws UsageException if there is none
   */
  String prompt(String name) {
    String prompt = prompts.get(name);
    if (prompt == null) {
      throw new UsageException(
          "there is no prompt '"
              + name
              + "'; "
              + (prompts.isEmpty() ? "the model has none" : "the model has " + prompts.keySet()));
    }
    return prompt;
  }

  /** What is put before texts that name no prompt. */
  String usual() {
    return usualPrompt.isEmpty() ? "" : prompt(usualPrompt);
  }

  /**
   * A text as the tokenizer gets it.
   *
   * @throws UsageException if the tokens of the prompt would have to be left out of the vector
   */
  String prepared(String prompt, String text) {
    if (!prompt.isEmpty() && !pooledPrompt) {
      throw new UsageException(
          "'include_prompt' is false in "
              + POOLING
              + "; vectors without the prompt's tokens are"
              + " not served, give no prompt");
    }
    String whole = (prompt + text).strip();
    return lowerCase ? whole.toLowerCase(Locale.ROOT) : whole;
  }
}
