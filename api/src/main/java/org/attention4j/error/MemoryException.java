package org.attention4j.error;

/**
 * The host or a device could not give the memory asked for, or a tensor exceeds what one buffer can
 * hold. The message says how much was asked for and what sets the limit.
 */
public final class MemoryException extends AttentionException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with a complete, readable message. */
  public MemoryException(String message) {
    super(message);
  }

  /** Creates an exception with a complete, readable message and what led to it. */
  public MemoryException(String message, Throwable cause) {
    super(message, cause);
  }
}
