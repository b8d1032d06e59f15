package org.attention4j.error;

/**
 * The caller asked for something that makes no sense: an argument out of range, options that
 * contradict each other, a closed session. The command line turns it into exit code 2.
 */
public final class UsageException extends AttentionException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with a complete, readable message. */
  public UsageException(String message) {
    super(message);
  }

  /** Creates an exception with a complete, readable message and what led to it. */
  public UsageException(String message, Throwable cause) {
    super(message, cause);
  }
}
