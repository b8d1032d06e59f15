package org.attention4j.nn;

import java.util.Random;
import org.attention4j.error.UsageException;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;

/**
 * How a parameter starts. Values are a pure function of (rule, shape, seed, path), so that the
 * order in which parameters are made does not matter.
 *
 * @param kind distribution
 * @param scale standard deviation, bound of the uniform, or the constant
 */
public record Init(Kind kind, double scale) {

  /** Distributions. */
  public enum Kind {
    NORMAL,
    UNIFORM,
    CONSTANT
  }

  public Init {
    if (!Double.isFinite(scale)) {
      throw new UsageException("the scale of an initial value must be finite, got " + scale);
    }
  }

  /** Normal with mean 0. */
  public static Init normal(double standardDeviation) {
    return new Init(Kind.NORMAL, standardDeviation);
  }

  /** Uniform in [-bound, bound]. */
  public static Init uniform(double bound) {
    return new Init(Kind.UNIFORM, bound);
  }

  /** All the same. */
  public static Init constant(double value) {
    return new Init(Kind.CONSTANT, value);
  }

  public static Init zeros() {
    return constant(0);
  }

  public static Init ones() {
    return constant(1);
  }

  /** Uniform within 1/sqrt(inputs), as PyTorch's linear layers start. */
  public static Init fanIn(long inputs) {
    return uniform(1 / Math.sqrt((double) Math.max(1, inputs)));
  }

  /** Uniform within sqrt(6 / (inputs + outputs)) (Glorot and Bengio 2010). */
  public static Init xavier(long inputs, long outputs) {
    return uniform(Math.sqrt(6.0 / (inputs + outputs)));
  }

  /** The values of one parameter, f32. */
  public HostTensor values(long[] shape, long seed, String path) {
    HostTensor tensor = HostTensor.zeros(DType.F32, shape);
    Random random = new Random(seed * 0x9E3779B97F4A7C15L + path.hashCode());
    for (long i = 0; i < tensor.size(); i++) {
      tensor.set(
          i,
          switch (kind) {
            case NORMAL -> random.nextGaussian() * scale;
            case UNIFORM -> (2 * random.nextDouble() - 1) * scale;
            case CONSTANT -> scale;
          });
    }
    return tensor;
  }
}
