package org.attention4j.nn;

import org.attention4j.op.Activation;
import org.attention4j.tensor.Tensor;

/**
 * {@link GatedFeedForward} whose gate and up projections are one linear layer: the first half of
 * its output is the gate (Phi-3).
 *
 * @param both style of the joined layer
 * @param output style of down
 * @param name of the joined layer
 * @param down name of the layer back
 */
public record FusedGatedFeedForward(
    int width,
    int inner,
    Activation.Kind activation,
    Linear.Style both,
    Linear.Style output,
    String name,
    String down)
    implements Block {
  public FusedGatedFeedForward {
    Sizes.requirePositive("FusedGatedFeedForward", "width", width, "inner", inner);
  }

  @Override
  public Tensor apply(Scope scope, Tensor x) {
    Tensor all = scope.call(name, new Linear(width, 2 * inner, both), x);
    Tensor gate = Activation.apply(activation, all.slice(-1, 0, inner));
    Tensor h = gate.mul(all.slice(-1, inner, 2 * inner)); // [.., inner]
    return scope.call(down, new Linear(inner, width, output), h);
  }
}
