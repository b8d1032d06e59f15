package org.attention4j.op;

import java.util.List;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.Op;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/** A pointwise non-linearity. One floating operand, one result of its type. */
public record Activation(Kind kind) implements Composite {

  /** The functions, with their formulas. */
  public enum Kind {
    /** max(x, 0). */
    RELU,
    /** min(max(x, 0), 6) (Krizhevsky 2010). */
    RELU6,
    /** max(x, 0)^2 (So et al. 2021). */
    RELU_SQUARED,
    /** x * Phi(x), Phi by the error function (Hendrycks and Gimpel 2016). */
    GELU,
    /** GELU of at most 10, for quantization (Wu et al. 2020). */
    GELU_10,
    /** The tanh approximation of GELU. */
    GELU_TANH,
    /** x * sigmoid(1.702 x). */
    QUICK_GELU,
    /** x * sigmoid(x), also called swish. */
    SILU,
    /** 1 / (1 + exp(-x)). */
    SIGMOID,
    /** x * tanh(softplus(x)) (Misra 2019). */
    MISH,
    /** log(1 + exp(x)). */
    SOFTPLUS,
    /** x where positive, else exp(x) - 1. */
    ELU,
    /** x where positive, else 0.01 x. */
    LEAKY_RELU,
    /** (1 + erf((x - 0.707107) / (0.282095 sqrt(2)))) / 2, near RELU_SQUARED (Ma et al. 2022). */
    LAPLACE,
    /** x * min(max(x + 3, 0), 6) / 6. */
    HARD_SWISH,
    TANH,
    /** x: for linear gated units. */
    IDENTITY
  }

  /** Applies a function. */
  public static Tensor apply(Kind kind, Tensor x) {
    return kind == Kind.IDENTITY ? x : x.apply(new Activation(kind));
  }

  @Override
  public String name() {
    return "Activation." + kind;
  }

  @Override
  public List<TensorType> infer(List<TensorType> in) {
    Op.check(in.size() == 1 && in.get(0).dtype().isFloating(), this, "one floating operand", in);
    return in;
  }

  @Override
  public List<Tensor> expand(List<Tensor> in) {
    Tensor x = in.get(0);
    return List.of(
        switch (kind) {
          case RELU -> x.max(0);
          case RELU6 -> x.max(0).min(6);
          case RELU_SQUARED -> square(x.max(0));
          case GELU -> gelu(x);
          case GELU_10 -> x.scalar(10).min(gelu(x)); // 10 counts as inside
          case GELU_TANH -> {
            Tensor inner = x.add(square(x).mul(x).mul(0.044715)).mul(Math.sqrt(2 / Math.PI));
            yield x.mul(0.5).mul(inner.tanh().add(1));
          }
          case QUICK_GELU -> x.mul(sigmoid(x.mul(1.702)));
          case SILU -> x.mul(sigmoid(x));
          case SIGMOID -> sigmoid(x);
          case MISH -> x.mul(softplus(x).tanh());
          case SOFTPLUS -> softplus(x);
          case ELU -> {
            Tensor positive = x.scalar(0).lt(x);
            yield positive.where(x, positive.where(x.scalar(0), x).exp().sub(1));
          }
          case LEAKY_RELU -> x.scalar(0).lt(x).where(x, x.mul(0.01));
          case LAPLACE -> x.sub(0.707107).div(0.282095 * Math.sqrt(2)).erf().add(1).mul(0.5);
          case HARD_SWISH -> x.mul(x.scalar(6).min(x.add(3).max(0))).div(6); // 3 counts as inside
          case TANH -> x.tanh();
          case IDENTITY -> x;
        });
  }

  private static Tensor gelu(Tensor x) {
    return x.mul(0.5).mul(x.mul(Math.sqrt(0.5)).erf().add(1));
  }

  private static Tensor square(Tensor x) {
    return x.mul(x);
  }

  /**
   * The exponent is bounded: exp(80) is finite in f32, so that the gradient is never 0 x infinity.
   */
  private static Tensor sigmoid(Tensor x) {
    return x.neg().min(80).exp().add(1).reciprocal();
  }

  /**
   * max(x, 0) + log(1 + exp(-|x|)), which cannot overflow; -|x| is written as x - 2 max(0, x), so
   * that the gradient at 0 is 1/2.
   */
  private static Tensor softplus(Tensor x) {
    Tensor positive = x.scalar(0).max(x);
    return positive.add(x.sub(positive.mul(2)).exp().add(1).log());
  }
}
