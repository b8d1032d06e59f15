package org.attention4j.nn;

import org.attention4j.op.Positions;
import org.attention4j.tensor.Tensor;

/**
 * Adds the sines and cosines of Vaswani et al. 2017, section 3.5, to x [batch, time, width]. No
 * parameters.
 */
public record SinusoidalPositions() implements Block {
  @Override
  public Tensor apply(Scope scope, Tensor x) {
    return x.add(Positions.sinusoid(scope.positionsOf(x), x.type().size(-1), x.dtype()));
  }
}
