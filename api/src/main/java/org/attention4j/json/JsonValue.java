package org.attention4j.json;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.StorageException;

/**
 * A JSON value as a tree. The accessors state what the caller expects and throw {@link
 * IllegalStateException} for anything else.
 */
public sealed interface JsonValue {
  /** An object; the order of the file is kept. */
  record Fields(Map<String, JsonValue> fields) implements JsonValue {
    /** Copies the fields. */
    public Fields {
      fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
    }
  }

  /** An array. */
  record Items(List<JsonValue> items) implements JsonValue {
    /** Copies the items. */
    public Items {
      items = List.copyOf(items);
    }
  }

  /** A string. */
  record Text(String text) implements JsonValue {}

  /** A number, as it is written. */
  record Numeral(String literal) implements JsonValue {}

  /** {@code true} or {@code false}. */
  record Bool(boolean value) implements JsonValue {}

  /** {@code null}. */
  record Null() implements JsonValue {}

  /**
   * Reads a small file, up to 64 MiB, that holds one JSON value.
   *
   * @throws StorageException if it cannot be read
   * @throws FileFormatException if it is too large or not strict JSON
   */
  static JsonValue read(Path file) {
    try {
      long size = Files.size(file);
      if (size > 64 << 20) {
        throw new FileFormatException(file, size + " bytes are too many for a JSON file");
      }
      return parse(file, ByteBuffer.wrap(Files.readAllBytes(file)));
    } catch (IOException e) {
      throw StorageException.of("cannot read " + file, e);
    }
  }

  /** Reads one JSON value from bytes; {@code file} is what errors name. */
  static JsonValue parse(Path file, ByteBuffer bytes) {
    JsonReader reader = new JsonReader(file, 0, bytes);
    JsonValue value = parse(reader);
    reader.end();
    return value;
  }

  private static JsonValue parse(JsonReader reader) {
    return switch (reader.peek()) {
      case OBJECT -> {
        Map<String, JsonValue> fields = new LinkedHashMap<>();
        reader.object(name -> fields.put(name, parse(reader)));
        yield new Fields(fields);
      }
      case ARRAY -> {
        List<JsonValue> items = new ArrayList<>();
        reader.array(() -> items.add(parse(reader)));
        yield new Items(items);
      }
      case STRING -> new Text(reader.string());
      case NUMBER -> new Numeral(reader.number());
      case TRUE, FALSE -> new Bool(reader.bool());
      case NULL -> {
        reader.nothing();
        yield new Null();
      }
    };
  }

  /** The field of an object. */
  default JsonValue get(String name) {
    JsonValue value = fields().get(name);
    if (value == null) {
      throw new IllegalStateException("no field '" + name + "' among " + fields().keySet());
    }
    return value;
  }

  /** Whether this is an object with this field, and the field is not null. */
  default boolean has(String name) {
    return this instanceof Fields f
        && f.fields().containsKey(name)
        && !(f.fields().get(name) instanceof Null);
  }

  /** The fields of an object. */
  default Map<String, JsonValue> fields() {
    if (this instanceof Fields f) {
      return f.fields();
    }
    throw unexpected("an object");
  }

  /** The items of an array. */
  default List<JsonValue> items() {
    if (this instanceof Items i) {
      return i.items();
    }
    throw unexpected("an array");
  }

  /** The text of a string. */
  default String text() {
    if (this instanceof Text t) {
      return t.text();
    }
    throw unexpected("a string");
  }

  /** The value of a whole number. */
  default long asLong() {
    if (this instanceof Numeral n) {
      return Long.parseLong(n.literal());
    }
    throw unexpected("a number");
  }

  /** The value of a whole number that fits an int. */
  default int asInt() {
    return Math.toIntExact(asLong());
  }

  /** The value of a number. */
  default double asDouble() {
    if (this instanceof Numeral n) {
      return Double.parseDouble(n.literal());
    }
    throw unexpected("a number");
  }

  /** The value of a boolean. */
  default boolean asBoolean() {
    if (this instanceof Bool b) {
      return b.value();
    }
    throw unexpected("true or false");
  }

  private IllegalStateException unexpected(String wanted) {
    return new IllegalStateException("expected " + wanted + "; got " + this);
  }
}
