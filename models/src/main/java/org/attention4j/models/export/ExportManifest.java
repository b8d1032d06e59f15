package org.attention4j.models.export;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.StorageException;
import org.attention4j.models.store.JsonFile;
import org.jspecify.annotations.Nullable;

/**
 * Which files exports have written into a directory: {@code files} in {@code parity.json}, each
 * with size and SHA-256. So a later export takes away what it does not replace, and nothing that
 * anybody else wrote or has changed since.
 */
final class ExportManifest {
  private static final String FILES = "files";
  private static final int BUFFER = 1 << 16;

  /**
   * One file.
   *
   * @param name relative to the directory, with slashes
   * @param variant of the weights, where models of several kinds of weights lie side by side; else
   *     empty
   */
  private record Entry(String name, String variant, long size, String sha256) {}

  private final Path directory;
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  private ExportManifest(Path directory) {
    this.directory = directory.toAbsolutePath().normalize();
  }

  /**
   * What earlier exports wrote; nothing if there is no such list, or it cannot be read.
   *
   * @param parity the file that holds the list
   */
  static ExportManifest read(Path directory, Path parity) {
    ExportManifest manifest = new ExportManifest(directory);
    if (Files.isRegularFile(parity)) {
      try {
        for (JsonNode file : JsonFile.read(parity).path(FILES)) {
          manifest.add(
              new Entry(
                  file.path("name").asText(),
                  file.path("variant").asText(),
                  file.path("size").asLong(-1),
                  file.path("sha256").asText()));
        }
      } catch (FileFormatException | StorageException e) {
        manifest.entries.clear(); // it is about to be replaced; nothing is taken away
      }
    }
    return manifest;
  }

  private void add(Entry entry) {
    entries.put(entry.name, entry);
  }

  /**
   * What is listed once an export has taken the place of this one: its own files, and models of
   * other variants, which stay.
   *
   * @param place the folder that holds the files still
   * @param files written by the export
   * @param variant of its models. Empty where there is only one
   */
  ExportManifest followedBy(Path place, Collection<Path> files, String variant) throws IOException {
    ExportManifest now = new ExportManifest(directory);
    for (Path file : files) {
      String name = place.relativize(file).toString().replace('\\', '/');
      boolean model = !variant.isEmpty() && name.contains(".onnx");
      now.add(new Entry(name, model ? variant : "", Files.size(file), sha256(file)));
    }
    for (Entry entry : entries.values()) {
      boolean other =
          !variant.isEmpty() && !entry.variant.isEmpty() && !entry.variant.equals(variant);
      if (other && !now.entries.containsKey(entry.name) && ours(entry) != null) {
        now.add(entry);
      }
    }
    return now;
  }

  /**
   * Files of this list that are not on the next, apart from those that nobody takes away.
   *
   * @param kept names of files that are not an export's any more
   */
  Set<Path> without(ExportManifest next, Collection<String> kept) throws IOException {
    Set<Path> files = new LinkedHashSet<>();
    for (Entry entry : entries.values()) {
      boolean stays = next.entries.containsKey(entry.name) || kept.contains(entry.name);
      Path file = stays ? null : ours(entry);
      if (file != null) {
        files.add(file);
      }
    }
    return files;
  }

  /** Takes files away, and folders that were left empty. */
  void remove(Set<Path> files) throws IOException {
    Set<Path> folders = new LinkedHashSet<>();
    for (Path file : files) {
      Files.delete(file);
      folders.add(file.resolveSibling(""));
    }
    removeEmpty(folders);
  }

  /** The file, if it is in the directory and as the export left it; else null. */
  private @Nullable Path ours(Entry entry) throws IOException {
    try {
      Path file = directory.resolve(entry.name).normalize();
      boolean plain =
          file.startsWith(directory)
              && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
              && file.toRealPath().startsWith(directory.toRealPath());
      boolean same = plain && Files.size(file) == entry.size && sha256(file).equals(entry.sha256);
      return same ? file : null;
    } catch (InvalidPathException e) {
      return null;
    }
  }

  private void removeEmpty(Set<Path> folders) throws IOException {
    for (Path folder : folders) {
      boolean empty;
      try (var inside = Files.list(folder)) {
        empty = inside.findAny().isEmpty();
      }
      if (empty && !folder.normalize().equals(directory)) {
        Files.delete(folder);
      }
    }
  }

  /** Puts the list into a file with the figures of a comparison. */
  void writeTo(Path figures) {
    ObjectNode json = JsonFile.read(figures);
    ArrayNode list = json.putArray(FILES);
    List<Entry> all = new ArrayList<>(entries.values());
    for (Entry entry : all) {
      ObjectNode file = list.addObject().put("name", entry.name);
      if (!entry.variant.isEmpty()) {
        file.put("variant", entry.variant);
      }
      file.put("size", entry.size).put("sha256", entry.sha256);
    }
    JsonFile.write(figures, json);
  }

  private static String sha256(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] buffer = new byte[BUFFER];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
