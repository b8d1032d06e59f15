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
    /** {@code norm(x) + f(norm(x))}: an option of BLOOM's. */
    BOTH,
    /** {@code norm(x + f(x))} (Vaswani et al. 2017). */
    POST
  }

  public Residual {
    Sizes.requireProbability("Residual", dropout);
  }

  /** {@code x + f(norm(x))}. */
  public static Residual pre(Block norm) {
    return new Residual(Placement.PRE, norm, 0);
  }

  /** Around what has been normalised. */
  public static Residual both(Block norm) {
    return new Residual(Placement.BOTH, norm, 0);
  }

  /** {@code norm(x + f(x))}. */
  public static Residual post(Block norm) {
    return new Residual(Placement.POST, norm, 0);
  }

  /** The same with dropout of what is added. */
  public Residual dropping(double probability) {
    return new Residual(placement, norm, probability);
  }

  /** The connection around a branch; the normalisation finds its parameters at {@code name}. */
  Tensor around(Scope scope, String name, Tensor x, UnaryOperator<Tensor> branch) {
    boolean post = placement == Placement.POST;
    Tensor read = post ? x : scope.call(name, norm, x);
    Tensor y = scope.dropout(name + ".dropout", branch.apply(read), dropout);
    Tensor sum = (placement == Placement.BOTH ? read : x).add(y);
    return post ? scope.call(name, norm, sum) : sum;
  }
}
