package org.attention4j.error;

/** The root of every error that attention4j raises on purpose. */
public class AttentionException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * @param message what was wrong, where, and what would be right
   */
  public AttentionException(String message) {
    super(message);
  }

  /**
   * @param message what was wrong, where, and what would be right
   * @param cause what was thrown underneath
   */
  public AttentionException(String message, Throwable cause) {
    super(message, cause);
  }
}
