package org.attention4j.error;

/**
 * A number that must be finite became NaN or infinite, such as the loss of a training step; thrown
 * before it reaches the parameters.
 */
public final class NonFiniteException extends AttentionException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with a complete, readable message. */
  public NonFiniteException(String message) {
    super(message);
  }

  /** Creates an exception with a complete, readable message and what led to it. */
  public NonFiniteException(String message, Throwable cause) {
    super(message, cause);
  }
}
