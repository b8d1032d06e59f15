package org.attention4j.nn;

import org.attention4j.op.Activation;
import org.attention4j.tensor.Tensor;

/**
 * A feed-forward network with a gate: {@code down(activation(gate(x)) * up(x))} (Shazeer 2020).
 * SILU makes SwiGLU, GELU GeGLU, RELU ReGLU, SIGMOID the original GLU, IDENTITY the bilinear one.
 *
 * @param hidden style of gate and up
 * @param output style of down
 * @param dropout after the product
 */
public record GatedFeedForward(
    int width,
    int inner,
    Activation.Kind activation,
    Linear.Style hidden,
    Linear.Style output,
    Names names,
    double dropout)
    implements Block {

  /** Names of the three linear layers below the block's path. */
  public record Names(String gate, String up, String down) {
    /** As in Llama. */
    public static final Names LLAMA = new Names("gate_proj", "up_proj", "down_proj");

    /** As in T5 1.1. */
    public static final Names T5 = new Names("wi_0", "wi_1", "wo");
  }

  public GatedFeedForward {
    Sizes.requirePositive("GatedFeedForward", "width", width, "inner", inner);
    Sizes.requireProbability("GatedFeedForward", dropout);
  }

  /** Without biases, Llama's names, no dropout. */
  public GatedFeedForward(int width, int inner, Activation.Kind activation) {
    this(
        width,
        inner,
        activation,
        Linear.Style.usual().withoutBias(),
        Linear.Style.usual().withoutBias(),
        Names.LLAMA,
        0);
  }

  public GatedFeedForward styled(Linear.Style newHidden, Linear.Style newOutput) {
    return new GatedFeedForward(width, inner, activation, newHidden, newOutput, names, dropout);
  }

  public GatedFeedForward named(Names newNames) {
    return new GatedFeedForward(width, inner, activation, hidden, output, newNames, dropout);
  }

  public GatedFeedForward dropping(double probability) {
    return new GatedFeedForward(width, inner, activation, hidden, output, names, probability);
  }

  @Override
  public Tensor apply(Scope scope, Tensor x) {
    Linear in = new Linear(width, inner, hidden);
    Tensor gate = Activation.apply(activation, scope.call(names.gate, in, x));
    Tensor h = scope.dropout("dropout", gate.mul(scope.call(names.up, in, x)), dropout);
    return scope.call(names.down, new Linear(inner, width, output), h);
  }
}
