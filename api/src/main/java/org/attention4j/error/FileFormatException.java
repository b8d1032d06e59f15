package org.attention4j.error;

import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * A file that breaks its format: truncated, corrupt or hostile. It is thrown before anything is
 * allocated on the word of the file.
 */
public final class FileFormatException extends AttentionException {
  private static final long serialVersionUID = 1L;
  private static final int MAX_LENGTH = 2000;

  private final String file; // a Path is not serializable
  private final long offset; // -1: the file as a whole

  /** Creates an exception about the file as a whole, or a named part of it. */
  public FileFormatException(Path file, String problem) {
    super(file + ": " + shortened(problem));
    this.file = file.toString();
    this.offset = -1;
  }

  /** Creates an exception about the file as a whole, or a named part of it, and what led to it. */
  public FileFormatException(Path file, String problem, Throwable cause) {
    super(file + ": " + shortened(problem), cause);
    this.file = file.toString();
    this.offset = -1;
  }

  /** Creates an exception about the byte at {@code offset}, counted from 0. */
  public FileFormatException(Path file, long offset, String problem) {
    super(file + ": at byte " + offset + ": " + shortened(problem));
    this.file = file.toString();
    this.offset = offset;
  }

  /** What a hostile file says is quoted, but not at any length. */
  private static String shortened(String problem) {
    return problem.length() <= MAX_LENGTH
        ? problem
        : problem.substring(0, MAX_LENGTH) + "... (" + problem.length() + " characters)";
  }

  /** The file, as it was named by the caller. */
  public Path file() {
    return Path.of(file);
  }

  /** Where in the file, in bytes from its start, if one place is at fault. */
  public OptionalLong offset() {
    return offset < 0 ? OptionalLong.empty() : OptionalLong.of(offset);
  }
}
