package org.attention4j.error;

/**
 * The root of everything this library throws on purpose.
 *
 * <p>Catch it at the border of an application; catch a subclass where the cause can be treated. A
 * message says what was wrong, where (file, block path, op and types) and what would be right.
 */
public class AttentionException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with a complete, readable message. */
  public AttentionException(String message) {
    super(message);
  }

  /** Creates an exception with a complete, readable message and what led to it. */
  public AttentionException(String message, Throwable cause) {
    super(message, cause);
  }
}
