package org.attention4j.engine.onnx.export;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.attention4j.error.StorageException;

/**
 * Where an export grows: a folder inside the directory that it is meant for. It goes away with the
 * export, and also if the JVM is told to end before (Ctrl-C, SIGTERM).
 */
final class StagingFolder implements AutoCloseable {
  private static final int TRIES = 100;

  private final Path directory;
  private final Path folder;
  private final Thread hook = new Thread(this::end, "remove-unfinished-export");
  private boolean gone;

  /** Makes the directory, if it is not there, and the folder in it. */
  StagingFolder(Path directory) throws IOException {
    Files.createDirectories(directory);
    this.directory = directory;
    this.folder = Files.createTempDirectory(directory, ".export");
    try {
      Runtime.getRuntime().addShutdownHook(hook);
    } catch (IllegalStateException e) {
      remove();
      throw new IOException("this process is ending", e);
    }
  }

  /** The folder. */
  Path path() {
    return folder;
  }

  /** Whether it was taken away because the JVM ends. */
  synchronized boolean isGone() {
    return gone;
  }

  /**
   * Moves every file to its place, the data before the models that refer to it. A JVM that is told
   * to end waits for it.
   *
   * @return the files, models first
   */
  synchronized List<Path> moveAll() throws IOException {
    List<Path> staged = files();
    staged.sort(Comparator.comparing((Path file) -> !file.toString().endsWith("_data")));
    for (Path file : staged) {
      Files.move(
          file,
          directory.resolve(file.getFileName()),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    }
    return staged.stream()
        .map(file -> directory.resolve(file.getFileName()))
        .sorted(Comparator.comparing((Path file) -> !file.toString().endsWith(".onnx")))
        .toList();
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return new ArrayList<>(files.sorted().toList());
    }
  }

  private synchronized void end() {
    gone = true;
    try {
      remove();
    } catch (IOException e) {
      System.err.println("attention4j: cannot remove " + folder + ": " + e);
    }
  }

  /** Whoever writes into it may do so until the JVM is gone, so one look may not do. */
  private void remove() throws IOException {
    for (int i = 0; ; i++) {
      try {
        for (Path file : files()) {
          Files.deleteIfExists(file);
        }
        Files.deleteIfExists(folder);
        return;
      } catch (NoSuchFileException e) {
        return;
      } catch (DirectoryNotEmptyException e) {
        if (i == TRIES) {
          throw e;
        }
      }
    }
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      return; // the JVM is ending, and the hook does it
    }
    try {
      remove();
    } catch (IOException e) {
      throw new StorageException("cannot remove " + folder + ": " + e, e);
    }
  }
}
