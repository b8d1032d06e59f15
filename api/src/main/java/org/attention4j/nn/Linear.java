package org.attention4j.nn;

import org.attention4j.op.Affine;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * An affine map of the last axis: [.., in] to [.., out].
 *
 * <p>Parameters: {@code weight} [out, in], or [in, out] if the style says so; {@code bias} [out].
 */
public record Linear(int in, int out, Style style) implements Block {

  /**
   * What the linear layers of a block have in common.
   *
   * @param bias whether a bias, zero at first, is added
   * @param inFirst whether the weight is stored [in, out], as GPT-2's checkpoints do
   * @param init of the weight; null for {@link Init#fanIn}
   */
  public record Style(boolean bias, boolean inFirst, @Nullable Init init) {
    private static final Style USUAL = new Style(true, false, null);

    /** With bias, [out, in], starting as PyTorch's linear layers do. */
    public static Style usual() {
      return USUAL;
    }

    public Style withoutBias() {
      return new Style(false, inFirst, init);
    }

    /** The weight stored [in, out]. */
    public Style storedInFirst() {
      return new Style(bias, true, init);
    }

    public Style starting(Init weights) {
      return new Style(bias, inFirst, weights);
    }
  }

  public Linear {
    Sizes.requirePositive("Linear", "in", in, "out", out);
  }

  /** With bias, [out, in], starting as PyTorch's linear layers do. */
  public Linear(int in, int out) {
    this(in, out, Style.usual());
  }

  @Override
  public Tensor apply(Scope scope, Tensor x) {
    Init init = style.init();
    Init start = init == null ? Init.fanIn(in) : init;
    Tensor weight =
        style.inFirst()
            ? scope.param("weight", start, in, out)
            : scope.param("weight", start, out, in);
    Affine op = new Affine(!style.inFirst());
    Tensor y =
        style.bias()
            ? x.apply(op, weight, scope.param("bias", Init.zeros(), out))
            : x.apply(op, weight);
    return scope.adapt(this, x, y);
  }
}
