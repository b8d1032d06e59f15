package org.attention4j.error;

/**
 * Weights that do not belong to the model at hand: tensors missing, left over, or of another shape
 * or dtype. The file itself is in order (else it is a {@link FileFormatException}).
 */
public final class WeightsException extends AttentionException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with a complete, readable message. */
  public WeightsException(String message) {
    super(message);
  }

  /** Creates an exception with a complete, readable message and what led to it. */
  public WeightsException(String message, Throwable cause) {
    super(message, cause);
  }
}
