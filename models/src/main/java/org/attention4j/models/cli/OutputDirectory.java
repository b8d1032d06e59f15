package org.attention4j.models.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.IntSupplier;
import org.attention4j.error.StorageException;
import org.attention4j.spi.MadeDirectories;

/**
 * Makes a directory for results, and takes it away again with all that is in it if it was not there
 * before and the work ends before there is a result.
 */
final class OutputDirectory {
  private OutputDirectory() {}

  /**
   * Does some work.
   *
   * @param result the file that is there as soon as something is worth keeping
   * @return what the work gives
   * @throws StorageException if the directory cannot be made
   */
  static int during(Path directory, Path result, IntSupplier work) {
    MadeDirectories made = make(directory);
    try {
      return work.getAsInt();
    } finally {
      clear(made, directory, result);
    }
  }

  /** The same for work that saves nothing when the process is told to end (Ctrl-C). */
  static int stoppable(Path directory, Path result, IntSupplier work) {
    MadeDirectories made = make(directory);
    Thread hook = new Thread(() -> clear(made, directory, result), "remove-unfinished-output");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      return work.getAsInt();
    } finally {
      clear(made, directory, result);
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        // The process is ending, and the hook has looked.
      }
    }
  }

  private static MadeDirectories make(Path directory) {
    try {
      return MadeDirectories.of(directory);
    } catch (IOException e) {
      throw StorageException.of("cannot create the directory " + directory, e);
    }
  }

  private static void clear(MadeDirectories made, Path directory, Path result) {
    if (Files.exists(result)) {
      return;
    }
    try {
      made.removeAll();
    } catch (IOException e) { // whatever ended the work is what should be told
      System.err.println("attention4j: cannot remove " + directory + ": " + e);
    }
  }
}
