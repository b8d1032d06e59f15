package org.attention4j.error;

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
}
