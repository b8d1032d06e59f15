package org.attention4j.engine.onnx.session;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.attention4j.error.StorageException;
import org.attention4j.onnxformat.OnnxFiles;
import org.attention4j.onnxformat.OnnxModel;
import org.attention4j.onnxformat.Weight;
import org.attention4j.tensor.FileRegion;
import org.attention4j.tensor.FileVersion;
import org.jspecify.annotations.Nullable;

/**
 * Weights that come into being when they are read (widened, rounded), written to a file where
 * temporary files go, for ONNX Runtime to map: in memory each would be there three times, as what
 * is handed over, as ONNX Runtime's copy of it, and as it is rearranged. The file is there while a
 * model is being opened. A JVM that is told to end takes it away; what a killed one has left, a
 * later one removes.
 */
final class TemporaryWeights implements AutoCloseable {
  /** Bytes below which a model's weights stay in memory. */
  static final long SMALL = 4_000_000;

  private static final int SMALLEST = 1 << 16; // bytes of one weight
  private static final Duration STALE = Duration.ofMinutes(10);
  private static final String PREFIX = "attention4j-weights.";
  private static final Pattern NAME =
      Pattern.compile(Pattern.quote(PREFIX) + "([0-9]{1,18})-[0-9]+\\.tmp");
  private static final AtomicLong COUNT = new AtomicLong();

  private final @Nullable Path file;
  private final Thread hook = new Thread(this::remove, "remove-temporary-weights");
  private Map<String, FileRegion> places = Map.of();

  private TemporaryWeights(@Nullable Path file) {
    this.file = file;
  }

  /**
   * Writes them.
   *
   * @throws StorageException if there is no room, naming the folder and how much it takes
   */
  static TemporaryWeights of(OnnxModel model) {
    Map<String, Weight> converted = new LinkedHashMap<>(model.weights());
    converted.values().removeIf(weight -> !weight.isConverted() || weight.bytes() < SMALLEST);
    converted.keySet().removeAll(InPlaceWeights.ofKernel(model)); // it reads them in memory
    long bytes = converted.values().stream().mapToLong(Weight::bytes).sum();
    if (bytes < SMALL) {
      return new TemporaryWeights(null);
    }
    try {
      Path folder = folder().toRealPath();
      removeLeftovers(folder);
      long room = Files.getFileStore(folder).getUsableSpace();
      if (room < bytes) {
        throw new IOException("only " + room / 1_000_000 + " MB are free");
      }
      String unique = ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet();
      TemporaryWeights weights = new TemporaryWeights(folder.resolve(PREFIX + unique + ".tmp"));
      boolean done = false;
      try {
        Runtime.getRuntime().addShutdownHook(weights.hook);
        weights.write(converted);
        done = true;
      } finally {
        if (!done) {
          weights.close();
        }
      }
      return weights;
    } catch (IOException | UncheckedIOException | IllegalStateException e) {
      throw new StorageException(
          "opening this model takes "
              + (bytes / 1_000_000 + 1)
              + " MB for a short while in "
              + folder()
              + ", where they cannot be written: "
              + (e instanceof UncheckedIOException wrapped ? wrapped.getCause() : e)
              + "; -Djava.io.tmpdir names another place",
          e);
    }
  }

  /** Whether temporary files take memory themselves. */
  static boolean areMemory() {
    try {
      return Set.of("tmpfs", "ramfs").contains(Files.getFileStore(folder()).type());
    } catch (IOException e) {
      return false; // writing there will say what is wrong
    }
  }

  private static Path folder() {
    return Path.of(System.getProperty("java.io.tmpdir", ""));
  }

  private void write(Map<String, Weight> weights) throws IOException {
    Path path = path();
    Map<String, long[]> written = new LinkedHashMap<>(); // offset and length
    try (FileChannel out =
        FileChannel.open(
            path, Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW), owner(path))) {
      FileVersion empty = FileVersion.of(path);
      if (empty == null || !FileWeights.usable(empty)) {
        return; // ONNX Runtime could not open it
      }
      long end = 0;
      for (Map.Entry<String, Weight> weight : weights.entrySet()) {
        out.position(end);
        weight.getValue().read(part -> write(out, part));
        written.put(weight.getKey(), new long[] {end, weight.getValue().bytes()});
        end =
            (out.position() + OnnxFiles.ALIGNMENT - 1) / OnnxFiles.ALIGNMENT * OnnxFiles.ALIGNMENT;
      }
    }
    FileVersion version = FileVersion.of(path);
    if (version == null) {
      throw new IOException("somebody has taken away " + path);
    }
    Map<String, FileRegion> regions = new LinkedHashMap<>();
    written.forEach((name, at) -> regions.put(name, new FileRegion(version, at[0], at[1])));
    places = regions;
  }

  private static void write(FileChannel out, ByteBuffer part) {
    try {
      while (part.hasRemaining()) {
        out.write(part);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Nobody else reads it. */
  private static FileAttribute<?>[] owner(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
        }
        : new FileAttribute<?>[0];
  }

  /** Of processes that are gone; whatever cannot be removed stays. */
  private static void removeLeftovers(Path folder) throws IOException {
    Instant limit = Instant.now().minus(STALE);
    try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, PREFIX + "*")) {
      for (Path leftover : found) {
        Matcher name = NAME.matcher(String.valueOf(leftover.getFileName()));
        if (name.matches()
            && ProcessHandle.of(Long.parseLong(name.group(1))).isEmpty()
            && Files.getLastModifiedTime(leftover, LinkOption.NOFOLLOW_LINKS)
                .toInstant()
                .isBefore(limit)) {
          leftover.toFile().delete(); // another user's, perhaps
        }
      }
    }
  }

  /** Where those that were written lie, by name. */
  Map<String, FileRegion> places() {
    return places;
  }

  private Path path() {
    if (file == null) {
      throw new IllegalStateException("there is no file");
    }
    return file;
  }

  private void remove() {
    if (file != null) {
      file.toFile().delete();
    }
  }

  /** Takes the file away; what ONNX Runtime has mapped of it stays readable. */
  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      return; // the JVM is ending, and the hook does it
    }
    remove();
  }
}
