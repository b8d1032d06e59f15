package org.attention4j.nn;

import org.attention4j.op.LayerNormalization;
import org.attention4j.tensor.Tensor;

/**
 * Layer normalisation over the last axis (Ba et al. 2016). Parameters: {@code weight} [width], ones
 * at first, and {@code bias} [width], zeros.
 */
public record LayerNorm(int width, double epsilon, boolean bias) implements Block {
  public LayerNorm {
    Sizes.requirePositive("LayerNorm", "width", width);
  }

  /** Epsilon 1e-5, with bias. */
  public LayerNorm(int width) {
    this(width, 1e-5, true);
  }

  @Override
  public Tensor apply(Scope scope, Tensor x) {
    LayerNormalization op = new LayerNormalization(epsilon);
    Tensor weight = scope.param("weight", Init.ones(), width);
    return bias
        ? x.apply(op, weight, scope.param("bias", Init.zeros(), width))
        : x.apply(op, weight);
  }
}
