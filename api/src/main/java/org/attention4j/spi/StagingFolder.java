package org.attention4j.spi;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.attention4j.error.StorageException;

/**
 * Where an export grows: a folder inside the directory that it is meant for. Everything is written
 * there first; what then happens to the directory is moves, which take no room on the disk. The
 * folder goes away with the export, and also if the JVM is told to end before (Ctrl-C, SIGTERM); so
 * does the directory, if it was made for the export and nothing came into it.
 */
public final class StagingFolder implements AutoCloseable {
  private static final String DATA = "_data";

  private final Path directory;
  private final MadeDirectories made;
  private final Path folder;
  private final Thread hook = new Thread(this::end, "remove-unfinished-export");
  private boolean gone;

  /** What is to be done among the moves. */
  @FunctionalInterface
  public interface Step {
    /** Does it. */
    void run() throws IOException;
  }

  /**
   * Makes the directory, if it is not there, and the folder in it.
   *
   * @throws IOException if that cannot be done, or the JVM is ending
   */
  public StagingFolder(Path directory) throws IOException {
    this.directory = directory;
    this.made = MadeDirectories.of(directory);
    try {
      this.folder = Files.createTempDirectory(directory, ".export");
    } catch (IOException e) {
      made.removeEmpty();
      throw e;
    }
    try {
      Runtime.getRuntime().addShutdownHook(hook);
    } catch (IllegalStateException e) {
      remove();
      throw new IOException("this process is ending", e);
    }
  }

  /** The folder. */
  public Path path() {
    return folder;
  }

  /** Whether it was taken away because the JVM ends. */
  public synchronized boolean isGone() {
    return gone;
  }

  /**
   * Moves every file to its place: the data before the models that refer to it, models before what
   * describes them. A model whose data is about to be replaced is taken away before that, so that a
   * reader finds none, and not one with the weights of another. A JVM that is told to end waits for
   * all of it.
   *
   * @param last the name of the file that goes last, which says that the others are there
   * @param before what is done before that
   * @return the files, models first
   * @throws IOException if a move fails; what was moved stays
   */
  public synchronized List<Path> moveAll(String last, Step before) throws IOException {
    List<Path> staged = new ArrayList<>();
    list(folder, staged);
    staged.sort(Comparator.comparingInt(file -> rank(file, last)));
    boolean done = false;
    for (Path file : staged) {
      if (rank(file, last) == 3) {
        before.run();
        done = true;
      }
      Path target = target(file);
      Files.createDirectories(target.resolveSibling(""));
      String name = String.valueOf(target.getFileName());
      if (name.endsWith(DATA) && Files.exists(target)) {
        String model = name.substring(0, name.length() - DATA.length());
        Files.deleteIfExists(target.resolveSibling(model));
      }
      Files.move(file, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
    if (!done) {
      before.run();
    }
    return staged.stream()
        .map(this::target)
        .sorted(Comparator.comparing(file -> !file.toString().endsWith(".onnx")))
        .toList();
  }

  private int rank(Path file, String last) {
    String name = folder.relativize(file).toString();
    return name.equals(last) ? 3 : name.endsWith(DATA) ? 0 : name.endsWith(".onnx") ? 1 : 2;
  }

  /**
   * Where a file of this folder goes.
   *
   * @param staged in the folder
   */
  public Path target(Path staged) {
    return directory.resolve(folder.relativize(staged).toString());
  }

  private static void list(Path folder, List<Path> files) throws IOException {
    try (Stream<Path> inside = Files.list(folder)) {
      for (Path file : inside.sorted().toList()) {
        if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
          list(file, files);
        } else {
          files.add(file);
        }
      }
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

  private void remove() throws IOException {
    MadeDirectories.remove(folder);
    made.removeEmpty();
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
