package org.attention4j.models.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import org.attention4j.error.StorageException;

/** Whether results can go where they are wanted: told before the work that makes them begins. */
final class Writable {
  private Writable() {}

  /**
   * A file, new or to be replaced.
   *
   * @throws StorageException if it is a directory, or there is none for it that may be written
   */
  static void file(Path file) {
    if (Files.isDirectory(file)) {
      throw StorageException.noFile("file to write", file);
    }
    Path directory = file.toAbsolutePath().resolveSibling("").normalize();
    if (!Files.isDirectory(directory)) {
      throw new StorageException("cannot write " + file + ": there is no directory " + directory);
    }
    requireWritable(directory);
  }

  /**
   * A directory, there already or to be made.
   *
   * @throws StorageException if it is a file, or may not be made or written
   */
  static void directory(Path directory) {
    Path there = directory.toAbsolutePath();
    while (there != null && !Files.exists(there)) {
      there = there.getParent();
    }
    if (there == null) {
      throw StorageException.noDirectory("directory", directory);
    }
    if (!Files.isDirectory(there)) {
      throw new StorageException(
          "cannot create the directory " + directory + ": " + there + " is a file");
    }
    requireWritable(there);
  }

  private static void requireWritable(Path directory) {
    if (!Files.isWritable(directory)) {
      throw new StorageException("cannot write into " + directory + ": permission denied");
    }
  }
}
