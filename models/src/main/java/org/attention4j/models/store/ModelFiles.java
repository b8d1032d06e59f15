package org.attention4j.models.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.attention4j.error.StorageException;

/** What the files of a model's directory are called, and directories for them. */
public final class ModelFiles {
  public static final String CONFIG = "config.json";
  public static final String WEIGHTS = "model.safetensors";

  private ModelFiles() {}

  /**
   * Creates a directory and those above it.
   *
   * @throws StorageException if that fails
   */
  public static void create(Path path) {
    try {
      Files.createDirectories(path);
    } catch (IOException e) {
      throw StorageException.of("cannot create the directory " + path, e);
    }
  }
}
