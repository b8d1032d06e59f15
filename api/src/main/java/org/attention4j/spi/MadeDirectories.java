package org.attention4j.spi;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The directories that had to be made so that one is there. They can be taken away again if nothing
 * comes of what they were made for; a directory that was there before never is. Thread-safe.
 */
public final class MadeDirectories {
  private static final int TRIES = 100;

  private final List<Path> made; // the innermost first

  private MadeDirectories(List<Path> made) {
    this.made = List.copyOf(made);
  }

  /**
   * Makes a directory and those above it, as far as they are missing.
   *
   * @throws IOException if that cannot be done; then none is left that was not there
   */
  public static MadeDirectories of(Path directory) throws IOException {
    List<Path> missing = new ArrayList<>();
    Path next = directory.toAbsolutePath();
    while (next != null && Files.notExists(next, LinkOption.NOFOLLOW_LINKS)) {
      missing.add(next);
      next = next.getParent();
    }
    MadeDirectories made = new MadeDirectories(missing);
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      made.removeEmpty();
      throw e;
    }
    return made;
  }

  /**
   * Takes away those that are empty.
   *
   * @throws IOException if one cannot be removed
   */
  public void removeEmpty() throws IOException {
    for (Path directory : made) {
      try {
        Files.deleteIfExists(directory);
      } catch (DirectoryNotEmptyException e) {
        return; // it holds something, and so do those around it
      }
    }
  }

  /**
   * Takes away the directory with all that is in it, if it was made here, and those around it that
   * are empty then.
   *
   * @throws IOException if something cannot be removed
   */
  public void removeAll() throws IOException {
    if (!made.isEmpty()) {
      remove(made.get(0));
      removeEmpty();
    }
  }

  /** Whoever writes into it may do so until the JVM is gone, so one look may not do. */
  static void remove(Path folder) throws IOException {
    for (int i = 0; Files.exists(folder, LinkOption.NOFOLLOW_LINKS); i++) {
      try {
        removeOnce(folder);
      } catch (NoSuchFileException | DirectoryNotEmptyException e) {
        if (i == TRIES) {
          throw e;
        }
      }
    }
  }

  private static void removeOnce(Path path) throws IOException {
    if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      try (Stream<Path> inside = Files.list(path)) {
        for (Path file : inside.toList()) {
          removeOnce(file);
        }
      }
    }
    Files.deleteIfExists(path);
  }
}
