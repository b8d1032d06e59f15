package org.attention4j.models.family;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.attention4j.error.AttentionException;
import org.attention4j.error.FileFormatException;
import org.attention4j.models.store.JsonFile;

/** The entries of a {@code config.json}, under Hugging Face's names where there are such. */
public final class Config {
  /** Characters of a wrong entry that a message repeats. */
  private static final int LONGEST_SHOWN = 200;

  private final Path file;
  private final ObjectNode json;
  private final Set<String> read = new TreeSet<>();

  private Config(Path file, ObjectNode json) {
    this.file = file;
    this.json = json;
  }

  /**
   * Reads a file.
   *
   * @throws org.attention4j.error.StorageException if it is missing or cannot be read
   * @throws FileFormatException if it is no JSON object
   */
  public static Config read(Path file) {
    return new Config(file, JsonFile.read(file));
  }

  /** A new one. */
  public static Config of(String modelType) {
    return new Config(Path.of("config.json"), JsonFile.object()).with("model_type", modelType);
  }

  /** A copy that can be changed. */
  public Config copy() {
    return new Config(file, json.deepCopy());
  }

  /**
   * The same entries, or a copy of them where some have other names or classes are only counted, by
   * {@code num_labels}.
   *
   * @param names the names that are read here by those that may be given instead
   */
  public Config renamed(Map<String, String> names) {
    Config own = copy();
    names.forEach(
        (given, name) -> {
          if (json.hasNonNull(given) && !json.hasNonNull(name)) {
            own.json.set(name, json.get(given));
          }
        });
    if (has("num_labels") && !has("id2label")) {
      ObjectNode labels = own.json.putObject("id2label");
      IntStream.range(0, size("num_labels"))
          .forEach(i -> labels.put(Integer.toString(i), "LABEL_" + i));
    }
    return own.json.equals(json) ? this : own;
  }

  /** Adds an entry: text, number, truth value or a list of texts. */
  public Config with(String name, Object value) {
    if (value instanceof List<?> list) {
      list.forEach(json.withArray("/" + name)::addPOJO);
    } else {
      json.set(name, JsonFile.tree(value));
    }
    return this;
  }

  /** Where it was read. */
  public Path file() {
    return file;
  }

  /** A file in the same directory, which need not exist. */
  public Path beside(String name) {
    return file.resolveSibling(name);
  }

  public ObjectNode json() {
    return json;
  }

  /** Which family it belongs to. */
  public String modelType() {
    String type = text("model_type");
    if (type.length() > LONGEST_SHOWN) { // messages name it
      throw wrong("model_type", "a short name", type);
    }
    return type;
  }

  private JsonNode entry(String name) {
    read.add(name);
    JsonNode value = json.path(name);
    if (value.isMissingNode() || value.isNull()) {
      throw new FileFormatException(file, "has no entry '" + name + "'");
    }
    return value;
  }

  /** Whether there is an entry that is not null. */
  public boolean has(String name) {
    read.add(name);
    return json.hasNonNull(name);
  }

  public String text(String name) {
    JsonNode value = entry(name);
    if (!value.isTextual()) {
      throw wrong(name, "text", value);
    }
    return value.textValue();
  }

  /** A positive number, no larger than {@link SizeLimits} has it. */
  public int size(String name) {
    return size(name, entry(name));
  }

  private int size(String name, JsonNode value) {
    int most = SizeLimits.of(name);
    boolean whole = value.canConvertToInt() && value.isIntegralNumber();
    if (!whole || value.intValue() < 1 || value.intValue() > most) {
      throw wrong(name, "a whole number from 1 to " + most, value);
    }
    return value.intValue();
  }

  /** One such number or a list of them, at least one; or a default. */
  public List<Integer> sizes(String name, int otherwise) {
    if (!has(name) || !entry(name).isArray() || entry(name).isEmpty()) {
      return List.of(size(name, otherwise));
    }
    List<Integer> sizes = new ArrayList<>();
    entry(name).forEach(value -> sizes.add(size(name, value)));
    return sizes;
  }

  public int size(String name, int otherwise) {
    return has(name) ? size(name) : otherwise;
  }

  /** A number from 0 on. */
  public double number(String name, double otherwise) {
    if (!has(name)) {
      return otherwise;
    }
    JsonNode value = entry(name);
    if (!value.isNumber() || !(value.doubleValue() >= 0)) {
      throw wrong(name, "a number from 0 on", value);
    }
    return value.doubleValue();
  }

  public boolean flag(String name, boolean otherwise) {
    if (!has(name)) {
      return otherwise;
    }
    JsonNode value = entry(name);
    if (!value.isBoolean()) {
      throw wrong(name, "true or false", value);
    }
    return value.booleanValue();
  }

  /** The first element of a list of texts, or a default. */
  public String first(String name, String otherwise) {
    read.add(name);
    JsonNode value = json.path(name).path(0);
    return value.isTextual() ? value.textValue() : otherwise;
  }

  /** All elements of a list of texts; empty if there is none. */
  public List<String> texts(String name) {
    List<String> texts = new ArrayList<>();
    if (has(name)) {
      for (JsonNode value : entry(name)) {
        if (!value.isTextual()) {
          throw wrong(name, "a list of texts", entry(name));
        }
        texts.add(value.textValue());
      }
    }
    return texts;
  }

  /** All elements of a list of numbers; empty if there is none. */
  public List<Double> numbers(String name) {
    List<Double> numbers = new ArrayList<>();
    if (has(name)) {
      for (JsonNode value : entry(name)) {
        if (!value.isNumber()) {
          throw wrong(name, "a list of numbers", entry(name));
        }
        numbers.add(value.doubleValue());
      }
    }
    return numbers;
  }

  /** An object within; empty if there is none. */
  public Config section(String name) {
    if (!has(name)) {
      return new Config(file, JsonFile.object());
    }
    if (entry(name) instanceof ObjectNode object) {
      return new Config(file, object);
    }
    throw wrong(name, "an object", entry(name));
  }

  /** The first of some objects within that is there, as transformers looks for them. */
  public Config section(String first, String second) {
    return section(has(first) ? first : second);
  }

  /** Text, or a default. */
  public String text(String name, String otherwise) {
    return has(name) ? text(name) : otherwise;
  }

  /** A whole number from 0 on, or a default. */
  public long id(String name, long otherwise) {
    if (!has(name)) {
      return otherwise;
    }
    JsonNode value = entry(name);
    if (!value.canConvertToLong() || !value.isIntegralNumber() || value.longValue() < 0) {
      throw wrong(name, "a whole number from 0 on", value);
    }
    return value.longValue();
  }

  /**
   * Refuses entries that change the computation, and that nobody has asked for so far.
   *
   * @param names of such entries; null, false and 0 count as absent
   */
  public void refuseUnread(Collection<String> names) {
    List<String> refused = new ArrayList<>();
    for (String name : names) {
      JsonNode value = json.path(name);
      boolean off = value.isNumber() ? value.doubleValue() == 0 : !value.asBoolean(true);
      if (json.hasNonNull(name) && !off && !read.contains(name)) {
        refused.add("'" + name + "' is " + value);
      }
    }
    if (!refused.isEmpty()) {
      throw new FileFormatException(
          file, String.join(", ", refused) + ", which is not supported for " + modelType());
    }
  }

  /** The number of entries of an object or list, or a default. */
  public int count(String name, int otherwise) {
    return has(name) ? entry(name).size() : otherwise;
  }

  /**
   * Refuses an entry that would change the computation in a way that is not implemented.
   *
   * @param expected the only value that is served; absent and null count as it
   */
  public void require(String name, Object expected) {
    if (has(name) && !Objects.equals(entry(name), JsonFile.tree(expected))) {
      throw new FileFormatException(
          file, "'" + name + "' is " + entry(name) + "; only " + expected + " is supported");
    }
  }

  /** Refuses an entry that is there and not null. */
  public void requireAbsent(String name) {
    if (has(name)) {
      throw new FileFormatException(
          file, "'" + name + "' is " + entry(name) + ", which is not supported");
    }
  }

  /** A model that cannot be, by what {@code cause} says of its parts. */
  public FileFormatException refused(AttentionException cause) {
    return cause instanceof FileFormatException already
        ? already
        : new FileFormatException(file, "describes no sound model: " + cause.getMessage(), cause);
  }

  /** The file's path, for messages. */
  @Override
  public String toString() {
    return file.toString();
  }

  /** A mistake in one entry. */
  public FileFormatException wrong(String name, String wanted, Object found) {
    String shown = String.valueOf(found);
    if (shown.length() > LONGEST_SHOWN) {
      shown = shown.substring(0, LONGEST_SHOWN) + "...";
    }
    return new FileFormatException(file, "'" + name + "' should be " + wanted + ", not " + shown);
  }
}
