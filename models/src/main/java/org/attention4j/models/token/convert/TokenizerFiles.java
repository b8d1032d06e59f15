package org.attention4j.models.token.convert;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.StorageException;
import org.attention4j.models.store.JsonFile;
import org.attention4j.models.token.convert.AddedTokens.AddedToken;
import org.jspecify.annotations.Nullable;

/**
 * The files of a directory that say how a tokenizer works, besides its vocabulary: {@code
 * tokenizer_config.json}, and what older ones have in {@code special_tokens_map.json} and {@code
 * added_tokens.json}.
 */
final class TokenizerFiles {
  private static final String CONFIG = "tokenizer_config.json";
  private static final String SPECIAL = "special_tokens_map.json";
  private static final String ADDED = "added_tokens.json";
  private static final String DECODER = "added_tokens_decoder";
  private static final long MAX_LINES_BYTES = 64L << 20;

  private final Path directory;
  private final ObjectNode config;

  TokenizerFiles(Path directory) {
    this.directory = directory;
    this.config = has(CONFIG) ? JsonFile.read(directory.resolve(CONFIG)) : JsonFile.object();
    if (!config.has(DECODER) && has(SPECIAL)) {
      // with the newer entry the file is only a copy, and transformers does not read it either
      config.setAll(JsonFile.read(directory.resolve(SPECIAL)));
    }
  }

  Path directory() {
    return directory;
  }

  boolean has(String name) {
    return Files.isRegularFile(directory.resolve(name));
  }

  /** A file of the directory; an error about the whole names its vocabulary. */
  Path file(String name) {
    return directory.resolve(name);
  }

  /** What transformers calls the tokenizer, without {@code Fast}; empty if nobody says. */
  String tokenizerClass() {
    String name = config.path("tokenizer_class").asText("");
    if (name.isEmpty() && has("config.json")) {
      name = model().path("tokenizer_class").asText("");
    }
    return name.endsWith("Fast") ? name.substring(0, name.length() - "Fast".length()) : name;
  }

  /** The family of the model; empty if there is none. */
  String modelType() {
    return has("config.json") ? model().path("model_type").asText("") : "";
  }

  private ObjectNode model() {
    return JsonFile.read(directory.resolve("config.json"));
  }

  boolean flag(String name, boolean otherwise) {
    Boolean value = optionalFlag(name);
    return value == null ? otherwise : value;
  }

  @Nullable Boolean optionalFlag(String name) {
    JsonNode value = config.path(name);
    if (value.isMissingNode() || value.isNull()) {
      return null;
    }
    if (!value.isBoolean()) {
      throw new FileFormatException(
          file(CONFIG), "'" + name + "' should be true or false, not " + value);
    }
    return value.booleanValue();
  }

  /** A whole number from 0 to a limit. */
  int number(String name, int otherwise, int most) {
    JsonNode value = config.path(name);
    if (value.isMissingNode() || value.isNull()) {
      return otherwise;
    }
    if (!value.isIntegralNumber()
        || !value.canConvertToInt()
        || value.intValue() < 0
        || value.intValue() > most) {
      throw new FileFormatException(
          file(CONFIG),
          "'" + name + "' should be a whole number from 0 to " + most + ", not " + value);
    }
    return value.intValue();
  }

  /** Text, or a default; null where the entry is null, too. */
  @Nullable String text(String name, @Nullable String otherwise) {
    JsonNode value = config.path(name);
    return value.isMissingNode() ? otherwise : value.isTextual() ? value.textValue() : null;
  }

  /**
   * A token with a part of its own, such as {@code eos_token}.
   *
   * @param otherwise its text where nobody says; null for none
   * @return null if there is none
   */
  @Nullable AddedToken special(String name, @Nullable String otherwise) {
    JsonNode value = config.path(name);
    @Nullable AddedToken token;
    if (!value.isMissingNode()) {
      token = value.isNull() ? null : token(name, value, true);
    } else {
      token = otherwise == null ? null : AddedToken.special(otherwise);
    }
    if (token == null) {
      return null;
    }
    AddedToken known = added().values().stream().filter(token::sameText).findAny().orElse(null);
    return known == null ? token : known.asSpecial();
  }

  /** More tokens that are not text; null if nobody says. */
  @Nullable List<AddedToken> additional() {
    JsonNode value = config.path("additional_special_tokens");
    if (!value.isArray()) {
      value = config.path("extra_special_tokens");
    }
    if (!value.isArray()) {
      return null;
    }
    List<AddedToken> tokens = new ArrayList<>();
    value.forEach(one -> tokens.add(token("additional_special_tokens", one, true)));
    return tokens;
  }

  /** Tokens with ids that somebody added, by their ids. */
  Map<Integer, AddedToken> added() {
    Map<Integer, AddedToken> tokens = new TreeMap<>();
    if (config.path(DECODER) instanceof ObjectNode decoder) {
      for (Map.Entry<String, JsonNode> entry : decoder.properties()) {
        tokens.put(id(file(CONFIG), entry.getKey()), token(DECODER, entry.getValue(), false));
      }
    } else if (has(ADDED)) {
      Path file = file(ADDED);
      for (Map.Entry<String, JsonNode> entry : JsonFile.read(file).properties()) {
        int id = id(file, entry.getValue().toString());
        if (tokens.put(id, AddedToken.plain(entry.getKey())) != null) {
          throw new FileFormatException(file, "has two tokens with the id " + id);
        }
      }
    }
    return tokens;
  }

  private static int id(Path file, String number) {
    if (!number.matches("\\d{1,8}")) {
      throw new FileFormatException(file, "has an added token with the id " + number);
    }
    return Integer.parseInt(number);
  }

  private AddedToken token(String name, JsonNode value, boolean special) {
    if (value.isTextual() && !value.textValue().isEmpty()) {
      return AddedToken.special(value.textValue());
    }
    if (!value.path("content").isTextual() || value.path("content").textValue().isEmpty()) {
      throw new FileFormatException(
          directory.resolve(config.has(name) ? CONFIG : SPECIAL),
          "'" + name + "' should be a text or an object with 'content', not " + value);
    }
    boolean isSpecial = special || value.path("special").asBoolean();
    return new AddedToken(
        value.path("content").textValue(),
        value.path("single_word").asBoolean(),
        value.path("lstrip").asBoolean(),
        value.path("rstrip").asBoolean(),
        value.path("normalized").asBoolean(!isSpecial),
        isSpecial);
  }

  /** {@code vocab.json}: ids by tokens. */
  ObjectNode vocabulary(String name) {
    Path file = file(name);
    ObjectNode vocabulary = JsonFile.read(file);
    if (vocabulary.isEmpty()) {
      throw new FileFormatException(file, "is an empty vocabulary");
    }
    for (Map.Entry<String, JsonNode> entry : vocabulary.properties()) {
      JsonNode id = entry.getValue();
      if (!id.isIntegralNumber() || !id.canConvertToInt() || id.intValue() < 0) {
        throw new FileFormatException(
            file, "the id of '" + entry.getKey() + "' is " + id + "; it should be a whole number");
      }
    }
    return vocabulary;
  }

  /** The lines of a text, without their ends. */
  List<String> lines(String name) {
    Path file = file(name);
    try {
      if (Files.size(file) > MAX_LINES_BYTES) {
        throw new FileFormatException(file, "is too large for a vocabulary");
      }
      String text = Files.readString(file, StandardCharsets.UTF_8);
      // only these end lines here; others are characters like any
      List<String> lines = new ArrayList<>(List.of(text.split("\r\n|\r|\n", -1)));
      if (lines.get(lines.size() - 1).isEmpty()) {
        lines.remove(lines.size() - 1);
      }
      return lines;
    } catch (CharacterCodingException e) {
      throw new FileFormatException(file, "is no text in UTF-8", e);
    } catch (IOException e) {
      throw StorageException.of("cannot read " + file, e);
    }
  }

  /** Ids of a vocabulary, as a map from text. */
  static OptionalInt id(ObjectNode vocabulary, String token) {
    JsonNode id = vocabulary.path(token);
    return id.isMissingNode() ? OptionalInt.empty() : OptionalInt.of(id.intValue());
  }
}
