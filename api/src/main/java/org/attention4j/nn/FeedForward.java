package org.attention4j.nn;

import org.attention4j.op.Activation;
import org.attention4j.tensor.Tensor;

/**
 * The position-wise network of a transformer layer: [.., width] to [.., inner], an activation, and
 * back (Vaswani et al. 2017, section 3.3).
 *
 * @param hidden style of the first layer
 * @param output style of the second
 * @param dropout after the activation
 */
public record FeedForward(
    int width,
    int inner,
    Activation.Kind activation,
    Linear.Style hidden,
    Linear.Style output,
    Names names,
    double dropout)
    implements Block {

  /** Names of the two linear layers below the block's path. */
  public record Names(String up, String down) {
    /** As in PyTorch's transformer layers. */
    public static final Names TORCH = new Names("linear1", "linear2");

    /** As in GPT-2. */
    public static final Names GPT2 = new Names("c_fc", "c_proj");
  }

  public FeedForward {
    Sizes.requirePositive("FeedForward", "width", width, "inner", inner);
    Sizes.requireProbability("FeedForward", dropout);
  }

  /** Both layers with bias, PyTorch's names, no dropout. */
  public FeedForward(int width, int inner, Activation.Kind activation) {
    this(width, inner, activation, Linear.Style.usual(), Linear.Style.usual(), Names.TORCH, 0);
  }

  public FeedForward styled(Linear.Style newHidden, Linear.Style newOutput) {
    return new FeedForward(width, inner, activation, newHidden, newOutput, names, dropout);
  }

  public FeedForward named(Names newNames) {
    return new FeedForward(width, inner, activation, hidden, output, newNames, dropout);
  }

  public FeedForward dropping(double probability) {
    return new FeedForward(width, inner, activation, hidden, output, names, probability);
  }

  @Override
  public Tensor apply(Scope scope, Tensor x) {
    Tensor h = scope.call(names.up, new Linear(width, inner, hidden), x);
    h = scope.dropout("dropout", Activation.apply(activation, h), dropout);
    return scope.call(names.down, new Linear(inner, width, output), h);
  }
}
