package org.attention4j.models.store;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.StorageException;
import org.attention4j.error.UsageException;
import org.attention4j.weights.AtomicFile;

/** JSON files: read whole with clear errors, written atomically. */
public final class JsonFile {
  /** Larger ones are not ours; the largest tokenizers have about 30 MB. */
  private static final long MAX_BYTES = 256L << 20;

  private static final ObjectMapper MAPPER =
      new ObjectMapper()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY);

  private JsonFile() {}

  /** An empty object. */
  public static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /** Any value of ours as JSON. */
  public static JsonNode tree(Object value) {
    return MAPPER.valueToTree(value);
  }

  /** Indented text. */
  public static String text(JsonNode json) {
    try {
      return MAPPER.writeValueAsString(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree can always be written", e);
    }
  }

  /**
   * Reads an object.
   *
   * @throws StorageException if the file is missing or cannot be read
   * @throws FileFormatException if it is not one JSON object
   */
  public static ObjectNode read(Path file) {
    if (parse(file) instanceof ObjectNode object) {
      return object;
    }
    throw new FileFormatException(file, "should hold one JSON object");
  }

  /**
   * Reads an array.
   *
   * @throws StorageException if the file is missing or cannot be read
   * @throws FileFormatException if it is not one JSON array
   */
  public static ArrayNode readArray(Path file) {
    if (parse(file) instanceof ArrayNode array) {
      return array;
    }
    throw new FileFormatException(file, "should hold one JSON array");
  }

  /**
   * Reads a value of any kind.
   *
   * @throws StorageException if the file is missing or cannot be read
   * @throws FileFormatException if it is no JSON
   */
  public static JsonNode readAny(Path file) {
    return parse(file);
  }

  /**
   * A value of any kind from its text.
   *
   * @throws UsageException if it is no JSON
   */
  public static JsonNode parse(String json) {
    try {
      JsonNode value = MAPPER.readTree(json);
      if (value.isMissingNode()) {
        throw new UsageException("an empty text is no JSON");
      }
      return value;
    } catch (JsonProcessingException e) {
      throw new UsageException("the text is no JSON: " + e.getOriginalMessage(), e);
    }
  }

  /**
   * Reads a part of a file of text.
   *
   * @param part what stands there
   * @param line of the file where it begins, from 1
   * @throws FileFormatException that names the line if it is not one JSON object
   */
  public static ObjectNode parse(Path file, String part, int line) {
    try {
      if (MAPPER.readTree(part) instanceof ObjectNode object) {
        return object;
      }
    } catch (JsonProcessingException e) {
      int within = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
      throw new FileFormatException(
          file, "line " + (line + within - 1) + " is no JSON: " + e.getOriginalMessage(), e);
    }
    throw new FileFormatException(file, "line " + line + " should be a JSON object");
  }

  private static JsonNode parse(Path file) {
    if (Files.isDirectory(file)) {
      throw StorageException.noFile("file", file);
    }
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new FileFormatException(file, "is too large for a JSON file of a model");
      }
      return MAPPER.readTree(Files.readAllBytes(file));
    } catch (NoSuchFileException e) {
      throw new StorageException("there is no file " + file, e);
    } catch (JsonProcessingException e) {
      long offset = Math.max(0, e.getLocation() == null ? 0 : e.getLocation().getByteOffset());
      throw new FileFormatException(file, offset, "is no JSON: " + e.getOriginalMessage());
    } catch (IOException e) {
      throw StorageException.of("cannot read " + file, e);
    }
  }

  /**
   * Writes an object, indented.
   *
   * @throws StorageException if it cannot be written
   */
  public static void write(Path file, JsonNode json) {
    writeText(file, text(json) + "\n");
  }

  /**
   * Writes UTF-8 text.
   *
   * @throws StorageException if it cannot be written
   */
  public static void writeText(Path file, String text) {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    AtomicFile.write(
        file,
        out -> {
          while (bytes.hasRemaining()) {
            out.write(bytes);
          }
        });
  }
}
