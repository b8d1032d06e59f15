package org.attention4j.nn;

import org.attention4j.tensor.Tensor;

/**
 * A part of a model with one input and one output. Implementations are immutable records that hold
 * sizes, never weights; those come from the scope by path. Blocks with other inputs have their own
 * typed {@code apply}.
 */
@FunctionalInterface
public interface Block {
  /** Computes the output; eagerly or recording, as the tensor's executor does. */
  Tensor apply(Scope scope, Tensor x);
}
