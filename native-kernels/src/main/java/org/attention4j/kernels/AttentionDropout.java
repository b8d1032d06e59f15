package org.attention4j.kernels;

import org.attention4j.error.ShapeException;

/**
 * Dropout of attention weights. Which of them fall is the same as in {@link
 * org.attention4j.op.Dropout}, and so the same in the forward and the backward pass.
 *
 * @param probability that a weight is dropped, from 0 (none) to less than 1
 * @param seed chooses the mask, with the site
 * @param site tells several masks of one seed apart
 */
public record AttentionDropout(double probability, long seed, long site) {
  public static final AttentionDropout NONE = new AttentionDropout(0, 0, 0);

  public AttentionDropout {
    if (!(probability >= 0 && probability < 1)) {
      throw new ShapeException("dropout probability is from 0 to less than 1, not " + probability);
    }
  }
}
