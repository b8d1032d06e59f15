package org.attention4j.tensor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A file as it was when it was opened. A mapping stays with that file when another takes its name;
 * whoever opens the name again must know whether it still leads there.
 *
 * @param path absolute, without links
 * @param key what the system tells files apart by
 * @param size in bytes
 * @param modified when it was last written to
 */
public record FileVersion(Path path, Object key, long size, FileTime modified) {

  /** What a path leads to now; null if nothing, or if the system tells no files apart. */
  public static @Nullable FileVersion of(Path path) {
    try {
      Path real = path.toRealPath();
      BasicFileAttributes found = Files.readAttributes(real, BasicFileAttributes.class);
      Object key = found.fileKey();
      return key == null || !found.isRegularFile()
          ? null
          : new FileVersion(real, key, found.size(), found.lastModifiedTime());
    } catch (IOException | SecurityException e) {
      return null;
    }
  }

  /** The folder that the file lies in. */
  public Path folder() {
    return Objects.requireNonNull(path.getParent(), "a file lies in a folder");
  }

  /** The file's name in its folder. */
  public String name() {
    return String.valueOf(path.getFileName());
  }

  /** Whether the path still leads to the same file, and nobody has written to it since. */
  public boolean isCurrent() {
    return equals(of(path));
  }
}
