package org.attention4j.weights;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.attention4j.error.StorageException;

/**
 * Writes a file so that a reader sees the old one or the new one, never a part, whatever happens in
 * between: a full disk, an exception, a killed process, a power cut.
 *
 * <p>The bytes go to a temporary file beside the target, reach the disk, and the name moves over in
 * one step. A failure removes the temporary file. A killed process leaves it behind; a later write
 * of the same target removes it, once its process is gone and it is {@link #STALE} old.
 */
public final class AtomicFile {
  private static final Duration STALE = Duration.ofMinutes(10);
  private static final AtomicLong COUNT = new AtomicLong();

  private AtomicFile() {}

  /** Writes the contents. */
  @FunctionalInterface
  public interface Body {
    /** Writes all bytes to {@code out}, which the caller closes. */
    void writeTo(WritableByteChannel out) throws IOException;
  }

  /**
   * Writes or replaces a file. A symbolic link is followed. Two writers at a time do no harm; the
   * later one to finish wins.
   *
   * @throws StorageException if anything fails below; whatever was at {@code target} is untouched.
   *     What {@code body} throws itself passes through, with the same promise
   */
  public static void write(Path target, Body body) {
    try {
      writeOrRemove(Files.exists(target) ? target.toRealPath() : target.toAbsolutePath(), body);
    } catch (IOException e) {
      throw StorageException.of(
          "cannot write " + target + ", and what was there before is untouched", e);
    }
  }

  private static void writeOrRemove(Path target, Body body) throws IOException {
    if (Files.isDirectory(target)) {
      throw new IOException("it is a directory");
    }
    if (Files.exists(target) && !Files.isRegularFile(target)) { // a device is not to be replaced
      throw new IOException("it is no regular file");
    }
    Path directory = target.getParent();
    if (directory == null || !Files.isDirectory(directory)) {
      throw new IOException("there is no directory " + directory);
    }
    removeLeftovers(directory, target.getFileName().toString());
    String unique = ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet();
    Path temporary = directory.resolve("." + target.getFileName() + "." + unique + ".tmp");
    boolean done = false;
    try {
      try (FileChannel out =
          FileChannel.open(temporary, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
        body.writeTo(out);
        out.force(true);
      }
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
      done = true;
    } finally {
      if (!done) {
        Files.deleteIfExists(temporary);
      }
    }
    forceDirectory(directory);
  }

  /** Makes the new name last through a power cut, where the platform can open a directory. */
  private static void forceDirectory(Path directory) {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      // Windows: the move itself is already as durable as it gets.
    }
  }

  private static void removeLeftovers(Path directory, String name) throws IOException {
    Pattern pattern =
        Pattern.compile("\\." + Pattern.quote(name) + "\\.([0-9]{1,18})-[0-9]+\\.tmp");
    Instant limit = Instant.now().minus(STALE);
    try (DirectoryStream<Path> siblings =
        Files.newDirectoryStream(directory, p -> pattern.matcher(fileName(p)).matches())) {
      for (Path leftover : siblings) {
        Matcher matcher = pattern.matcher(fileName(leftover));
        if (matcher.matches()
            && ProcessHandle.of(Long.parseLong(matcher.group(1))).isEmpty()
            && Files.getLastModifiedTime(leftover, LinkOption.NOFOLLOW_LINKS)
                .toInstant()
                .isBefore(limit)) {
          Files.deleteIfExists(leftover);
        }
      }
    }
  }

  private static String fileName(Path path) {
    return path.getFileName().toString();
  }
}
