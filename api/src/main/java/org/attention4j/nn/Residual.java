package org.attention4j.nn;

import java.util.function.UnaryOperator;
import org.attention4j.tensor.Tensor;

/**
 * A residual connection with its normalisation.
 *
 * @param placement where the normalisation stands
 * @param norm the normalisation
 * @param dropout of the branch, before it is added
 */
public record Residual(Placement placement, Block norm, double dropout) {

  /** Where a layer normalises. */
  public enum Placement {
    /** {@code x + f(norm(x))} (GPT-2): trains without warm-up. */
    PRE,
    /** {@code norm(x + f(x))} (Vaswani et al. 2017). */
    POST
  }

  public Residual {
    Sizes.requireProbability("Residual", dropout);
  }

  public static Residual pre(Block norm) {
    return new Residual(Placement.PRE, norm, 0);
  }

  public static Residual post(Block norm) {
    return new Residual(Placement.POST, norm, 0);
  }

  public Residual dropping(double probability) {
    return new Residual(placement, norm, probability);
  }

  /** The connection around a branch; the normalisation finds its parameters at {@code name}. */
  Tensor around(Scope scope, String name, Tensor x, UnaryOperator<Tensor> branch) {
    boolean pre = placement == Placement.PRE;
    Tensor y = branch.apply(pre ? scope.call(name, norm, x) : x);
    Tensor sum = x.add(scope.dropout(name + ".dropout", y, dropout));
    return pre ? sum : scope.call(name, norm, sum);
  }
}
