package org.attention4j.nn;

import org.attention4j.op.LayerNormalization;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;

/** Layer normalisation over the last axis (Ba et al. 2016) without parameters: [.., width]. */
public record PlainLayerNorm(int width, double epsilon) implements Block {
  public PlainLayerNorm {
    Sizes.requirePositive("PlainLayerNorm", "width", width);
  }

  @Override
  public Tensor apply(Scope scope, Tensor x) {
    Tensor ones = x.constant(1).expand(0, Dim.of(width)); // [width]
    return x.apply(new LayerNormalization(epsilon), ones);
  }
}
