package org.attention4j.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.StorageException;
import org.attention4j.json.JsonReader;

/**
 * Finds the files of a set of weights. Large checkpoints are split over several safetensors files,
 * with a JSON file whose {@code weight_map} tells the file of each tensor.
 */
final class ShardIndex {
  private static final String SINGLE = "model.safetensors";
  private static final String INDEX_SUFFIX = ".index.json";
  private static final long MAX_BYTES = 32 << 20;

  private ShardIndex() {}

  static Weights load(Path path) {
    Path file = Files.isDirectory(path) ? inDirectory(path) : path;
    return file.toString().endsWith(INDEX_SUFFIX) ? loadShards(file) : Safetensors.load(file);
  }

  private static Path inDirectory(Path directory) {
    Path single = directory.resolve(SINGLE);
    Path index = directory.resolve(SINGLE + INDEX_SUFFIX);
    if (Files.exists(single)) {
      return single;
    }
    if (Files.exists(index)) {
      return index;
    }
    throw new StorageException(
        "there is neither " + SINGLE + " nor " + SINGLE + INDEX_SUFFIX + " in " + directory);
  }

  private static Weights loadShards(Path index) {
    Map<String, String> fileOf = read(index);
    Set<String> files = new LinkedHashSet<>(fileOf.values());
    Weights all = Weights.empty();
    for (String file : files) {
      Weights shard = Safetensors.load(index.resolveSibling(file));
      for (String name : shard.names()) {
        if (!file.equals(fileOf.get(name))) {
          String listed = fileOf.get(name);
          throw new FileFormatException(
              index,
              "tensor '"
                  + name
                  + "' is in "
                  + file
                  + ", but the index "
                  + (listed == null ? "does not list it" : "places it in " + listed));
        }
      }
      all = all.merge(shard);
    }
    for (Map.Entry<String, String> entry : fileOf.entrySet()) {
      if (!all.has(entry.getKey())) {
        throw new FileFormatException(
            index, "tensor '" + entry.getKey() + "' is not in " + entry.getValue());
      }
    }
    return all;
  }

  /** The file of each tensor. */
  private static Map<String, String> read(Path index) {
    JsonReader reader = new JsonReader(index, 0, ByteBuffer.wrap(bytes(index)));
    Map<String, String> fileOf = new LinkedHashMap<>();
    reader.object(
        field -> {
          if (field.equals("weight_map")) {
            reader.object(name -> fileOf.put(name, shardName(reader)));
          } else {
            reader.skip();
          }
        });
    reader.end();
    if (fileOf.isEmpty()) {
      throw new FileFormatException(index, "no tensors under 'weight_map'");
    }
    return fileOf;
  }

  private static byte[] bytes(Path index) {
    try {
      long size = Files.size(index);
      if (size > MAX_BYTES) {
        throw new FileFormatException(
            index, size + " bytes are too many for an index; the limit is " + MAX_BYTES);
      }
      return Files.readAllBytes(index);
    } catch (IOException e) {
      throw StorageException.of("cannot read " + index, e);
    }
  }

  /** A shard lies beside its index: a hostile one must not lead elsewhere. */
  private static String shardName(JsonReader reader) {
    String file = reader.string();
    if (!file.matches("[A-Za-z0-9_.+=@ -]{1,255}") || !file.endsWith(".safetensors")) {
      throw reader.failure(
          "'" + file + "' is not the name of a .safetensors file beside the index");
    }
    return file;
  }
}
