package org.attention4j.models.export;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.attention4j.error.StorageException;
import org.attention4j.spi.StagingFolder;

/**
 * Everything that an export writes, models and what lies beside them, on its way into a directory.
 * It is complete before the directory changes. Then come the moves: models, what describes them,
 * then what an earlier export alone had goes, and {@code parity.json} is last: until then the one
 * there is the earlier export's, and its hashes do not fit.
 */
final class StagedExport {
  private final StagingFolder staging;
  private final ExportManifest earlier;
  private final List<Path> written = new ArrayList<>();
  private final List<String> kept = new ArrayList<>();

  /** Writes an export. */
  @FunctionalInterface
  interface Writer<T> {
    /** Writes all files to {@link StagedExport#place} and notes them. */
    T write(StagedExport export) throws IOException;
  }

  private StagedExport(Path directory, StagingFolder staging) {
    this.staging = staging;
    this.earlier = ExportManifest.read(directory, directory.resolve(CheckpointExport.PARITY));
  }

  /**
   * Lets an export be written and moves it into a directory.
   *
   * @param variant of its models, where there may be others beside them; else empty
   * @throws StorageException if a file cannot be read, written or moved, or the JVM is told to end
   *     meanwhile
   */
  static <T> T into(Path directory, String variant, Writer<T> writer) {
    try (StagingFolder staging = new StagingFolder(directory)) {
      try {
        StagedExport export = new StagedExport(directory, staging);
        T result = writer.write(export);
        export.finish(variant);
        return result;
      } catch (IOException | RuntimeException e) {
        if (staging.isGone()) { // whatever failed, that is why
          throw new StorageException(
              "the export to " + directory + " was stopped; nothing of it is left", e);
        }
        throw e;
      }
    } catch (IOException e) {
      throw StorageException.of("cannot write the export to " + directory, e);
    } catch (UncheckedIOException e) {
      throw StorageException.of(
          "cannot write the export to " + directory, Objects.requireNonNull(e.getCause()));
    }
  }

  /** Where files are written. */
  Path place() {
    return staging.path();
  }

  /** Notes files of the export. */
  void add(Collection<Path> files) {
    written.addAll(files);
  }

  /** Where files will be that are in the place now. */
  List<Path> targets(Collection<Path> files) {
    return files.stream().map(staging::target).toList();
  }

  /** Names of files in the directory that belong to the user, whatever an earlier list says. */
  void keep(Collection<Path> files) {
    files.forEach(file -> kept.add(place().relativize(file).toString().replace('\\', '/')));
  }

  private void finish(String variant) throws IOException {
    Path figures = place().resolve(CheckpointExport.PARITY);
    written.remove(figures);
    ExportManifest now = earlier.followedBy(place(), written, variant);
    now.writeTo(figures);
    Set<Path> stale = earlier.without(now, kept);
    staging.moveAll(CheckpointExport.PARITY, () -> earlier.remove(stale));
  }
}
