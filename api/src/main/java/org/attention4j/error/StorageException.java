package org.attention4j.error;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * The file system refused: a file that is not there or may not be read, a full disk, a failed move.
 * Whatever was being written has been removed, and a file it was to replace is untouched.
 */
public final class StorageException extends AttentionException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with a complete, readable message. */
  public StorageException(String message) {
    super(message);
  }

  /** Creates an exception with a complete, readable message and what led to it. */
  public StorageException(String message, Throwable cause) {
    super(message, cause);
  }

  /**
   * What the system refused, and why, in words: the messages of Java's exceptions are often nothing
   * but a path.
   *
   * @param what such as {@code cannot read FILE}
   */
  public static StorageException of(String what, IOException cause) {
    return new StorageException(what + ": " + reason(cause), cause);
  }

  /**
   * A file that is missing, or is something else.
   *
   * @param kind what it should be: {@code file}, {@code audio file} ...
   */
  public static StorageException noFile(String kind, Path path) {
    return new StorageException(
        Files.isDirectory(path)
            ? path + " is a directory; the " + kind + " itself is wanted"
            : Files.exists(path)
                ? path + " is no regular file"
                : "there is no " + kind + " " + path);
  }

  /**
   * A directory that is missing, or is something else.
   *
   * @param kind what it should be: {@code directory}, {@code model directory} ...
   */
  public static StorageException noDirectory(String kind, Path path) {
    return new StorageException(
        Files.exists(path)
            ? path + " is a file; the " + kind + " is wanted"
            : "there is no " + kind + " " + path);
  }

  private static String reason(IOException e) {
    if (e instanceof NoSuchFileException) {
      return "there is no such file or directory";
    }
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof FileAlreadyExistsException) {
      return "a file of this name is in the way";
    }
    String given = e instanceof FileSystemException system ? system.getReason() : e.getMessage();
    return given == null || given.isBlank() ? e.toString() : given;
  }
}
