package org.attention4j.models.token;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.OptionalLong;
import java.util.TreeSet;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.UsageException;
import org.attention4j.models.store.JsonFile;

/**
 * Tokens by id: first the special ones, then those of the text, sorted. Immutable.
 *
 * @param specials how many of the first tokens are special
 */
record Vocabulary(String kind, int specials, List<String> tokens, Map<String, Long> ids) {
  static final String FILE = "vocab.json";

  Vocabulary {
    tokens = List.copyOf(tokens);
    ids = Map.copyOf(ids);
  }

  static Vocabulary of(String kind, List<String> special, NavigableSet<String> texts) {
    List<String> all = new ArrayList<>(special);
    all.addAll(texts);
    return new Vocabulary(kind, special.size(), all, index(all));
  }

  static Vocabulary of(String kind, boolean withSpecials, Iterable<String> texts) {
    NavigableSet<String> distinct = new TreeSet<>();
    texts.forEach(distinct::add);
    return of(kind, withSpecials ? Tokenizer.SPECIAL_TOKENS : List.of(), distinct);
  }

  private static Map<String, Long> index(List<String> tokens) {
    Map<String, Long> ids = new HashMap<>();
    for (int i = 0; i < tokens.size(); i++) {
      ids.put(tokens.get(i), (long) i);
    }
    return ids;
  }

  long id(String token) {
    Long id = ids.get(token);
    if (id == null || id < specials) {
      throw new UsageException(
          "'" + token + "' is not in the vocabulary of " + tokens.size() + " " + kind);
    }
    return id;
  }

  OptionalLong special(String name) {
    Long id = ids.get(name);
    return id == null || id >= specials ? OptionalLong.empty() : OptionalLong.of(id);
  }

  String label(long id) {
    if (id < 0 || id >= tokens.size()) {
      throw new UsageException(
          "token id " + id + " is not in the vocabulary of " + tokens.size() + " " + kind);
    }
    return tokens.get((int) id);
  }

  /** Empty for special tokens. */
  String text(long id) {
    String label = label(id);
    return id < specials ? "" : label;
  }

  Path save(Path directory) {
    ObjectNode json = JsonFile.object();
    json.put("kind", kind).put("specials", specials);
    ArrayNode array = json.putArray("tokens");
    tokens.forEach(array::add);
    Path file = directory.resolve(FILE);
    JsonFile.write(file, json);
    return file;
  }

  /** Whether a file is there and is meant as one of these, not the like-named map of BPE tokens. */
  static boolean isOurs(Path file) {
    if (!Files.exists(file)) {
      return false;
    }
    JsonNode json = JsonFile.read(file);
    for (JsonNode value : json) {
      if (!value.isIntegralNumber()) {
        return true;
      }
    }
    return json.isEmpty();
  }

  static Vocabulary load(Path file) {
    JsonNode json = JsonFile.read(file);
    JsonNode kind = json.path("kind");
    JsonNode specials = json.path("specials");
    JsonNode array = json.path("tokens");
    if (!kind.isTextual() || !specials.isInt() || !array.isArray()) {
      throw new FileFormatException(
          file, "a vocabulary is {\"kind\": text, \"specials\": number, \"tokens\": [texts]}");
    }
    List<String> tokens = new ArrayList<>();
    for (JsonNode token : array) {
      if (!token.isTextual()) {
        throw new FileFormatException(file, "token " + tokens.size() + " is not text: " + token);
      }
      tokens.add(token.textValue());
    }
    Map<String, Long> ids = index(tokens);
    if (ids.size() != tokens.size()) {
      throw new FileFormatException(file, "a token occurs twice");
    }
    if (specials.intValue() < 0 || specials.intValue() > tokens.size()) {
      throw new FileFormatException(
          file, specials.intValue() + " special tokens of " + tokens.size());
    }
    return new Vocabulary(kind.textValue(), specials.intValue(), tokens, ids);
  }
}
