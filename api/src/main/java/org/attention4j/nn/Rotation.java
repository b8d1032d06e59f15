package org.attention4j.nn;

import org.attention4j.op.RotaryEmbedding;
import org.attention4j.tensor.Tensor;

/** How queries and keys turn with their positions (Su et al. 2021). */
public interface Rotation {
  /**
   * Turned features, of the type of x.
   *
   * @param x [batch, heads, time, head_dim]
   * @param positions i64 [time] or [batch, time]
   */
  Tensor turn(Tensor x, Tensor positions);

  /** By frequencies that never change. */
  record Fixed(RotaryEmbedding embedding) implements Rotation {
    @Override
    public Tensor turn(Tensor x, Tensor positions) {
      return x.apply(embedding, positions);
    }
  }
}
