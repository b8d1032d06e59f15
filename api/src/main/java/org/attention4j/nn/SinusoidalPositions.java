package org.attention4j.nn;

import org.attention4j.op.Positions;
import org.attention4j.tensor.Tensor;

/**
 * Adds the sines and cosines of Vaswani et al. 2017, section 3.5, to x [batch, time, width]. No
 * parameters.
 *
 * @param halves whether all sines stand before all cosines (Marian, Pegasus), not in turn
 */
public record SinusoidalPositions(boolean halves) implements Block {

  /** Sines and cosines in turn, as in the paper. */
  public SinusoidalPositions() {
    this(false);
  }

  /** All sines, then all cosines. */
  public static SinusoidalPositions inHalves() {
    return new SinusoidalPositions(true);
  }

  @Override
  public Tensor apply(Scope scope, Tensor x) {
    Tensor positions = scope.positionsOf(x);
    int width = x.type().size(-1);
    return x.add(
        halves
            ? Positions.sinusoidInHalves(positions, width, x.dtype())
            : Positions.sinusoid(positions, width, x.dtype()));
  }
}
