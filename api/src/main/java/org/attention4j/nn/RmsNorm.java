package org.attention4j.nn;

import org.attention4j.op.RmsNormalization;
import org.attention4j.tensor.Tensor;

/**
 * Root-mean-square normalisation over the last axis (Zhang and Sennrich 2019). Parameter: {@code
 * weight} [width].
 *
 * @param aroundOne whether the factor is 1 + weight, with weights zero at first (Gemma); otherwise
 *     it is the weight, ones at first
 */
public record RmsNorm(int width, double epsilon, boolean aroundOne) implements Block {
  public RmsNorm {
    Sizes.requirePositive("RmsNorm", "width", width);
  }

  /** The factor is the weight. */
  public RmsNorm(int width, double epsilon) {
    this(width, epsilon, false);
  }

  @Override
  public Tensor apply(Scope scope, Tensor x) {
    Tensor weight =
        aroundOne
            ? scope.param("weight", Init.zeros(), width).add(1)
            : scope.param("weight", Init.ones(), width);
    return x.apply(new RmsNormalization(epsilon), weight);
  }
}
