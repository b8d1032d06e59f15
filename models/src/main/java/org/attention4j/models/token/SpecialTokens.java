package org.attention4j.models.token;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.attention4j.models.store.JsonFile;

/**
 * What a directory says about its tokenizer beside {@code tokenizer.json}: {@code
 * special_tokens_map.json} and {@code tokenizer_config.json}, of which the latter wins.
 *
 * @param tokens by their roles: {@code mask_token}, {@code pad_token} ...
 * @param longest tokens of a text at most, if it says so
 * @param inputs of the model that the tokenizer fills; empty if it does not say
 */
public record SpecialTokens(Map<String, String> tokens, OptionalInt longest, List<String> inputs) {
  private static final List<String> FILES =
      List.of("special_tokens_map.json", "tokenizer_config.json");
  private static final long NO_LIMIT = 1_000_000; // transformers writes 1e30 for none

  public SpecialTokens {
    tokens = Map.copyOf(tokens);
    inputs = List.copyOf(inputs);
  }

  /**
   * Reads the files that are there.
   *
   * @throws org.attention4j.error.FileFormatException if one is damaged
   */
  public static SpecialTokens read(Path directory) {
    Map<String, String> tokens = new LinkedHashMap<>();
    OptionalInt longest = OptionalInt.empty();
    List<String> inputs = List.of();
    for (String name : FILES) {
      Path file = directory.resolve(name);
      if (!Files.exists(file)) {
        continue;
      }
      JsonNode json = JsonFile.read(file);
      for (Map.Entry<String, JsonNode> entry : json.properties()) {
        JsonNode token = entry.getValue();
        JsonNode content = token.isObject() ? token.path("content") : token;
        if (entry.getKey().endsWith("_token") && content.isTextual()) {
          tokens.put(entry.getKey(), content.textValue());
        }
      }
      JsonNode limit = json.path("model_max_length");
      if (limit.isNumber() && limit.doubleValue() >= 1 && limit.doubleValue() < NO_LIMIT) {
        longest = OptionalInt.of(limit.intValue());
      }
      if (json.path("model_input_names").isArray()) {
        List<String> names = new ArrayList<>();
        json.path("model_input_names").forEach(input -> names.add(input.asText()));
        inputs = names;
      }
    }
    return new SpecialTokens(tokens, longest, inputs);
  }

  /** The token of a role such as {@code mask_token}. */
  public Optional<String> token(String role) {
    return Optional.ofNullable(tokens.get(role));
  }
}
