package org.attention4j.conformance;

import java.util.Random;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;

/** Draws the values of one tensor. */
@FunctionalInterface
public interface Values {

  /** Values of a type and shape; the same for the same state of {@code random}. */
  HostTensor draw(Random random, DType dtype, long... shape);

  /** One number for each element, in order. */
  @FunctionalInterface
  interface Rule {
    double next(Random random, long index);
  }

  /** From a rule of doubles, rounded to the type. */
  static Values of(Rule rule) {
    return (random, dtype, shape) -> {
      HostTensor tensor = HostTensor.zeros(dtype, shape);
      for (long i = 0; i < tensor.size(); i++) {
        double value = rule.next(random, i);
        if (dtype.isFloating()) {
          tensor.set(i, value);
        } else {
          tensor.set(i, (long) value);
        }
      }
      return tensor;
    };
  }

  /** Normal with mean 0. */
  static Values normal(double deviation) {
    return of((random, i) -> random.nextGaussian() * deviation);
  }

  /** Uniform. */
  static Values uniform(double low, double high) {
    return of((random, i) -> low + (high - low) * random.nextDouble());
  }

  /** Whole numbers from low (inclusive) to high (exclusive). */
  static Values whole(int low, int high) {
    return of((random, i) -> low + random.nextInt(high - low));
  }

  /** True with a probability. */
  static Values truth(double probability) {
    return of((random, i) -> random.nextDouble() < probability ? 1 : 0);
  }

  /** These numbers, over and over. */
  static Values listed(double... values) {
    return of((random, i) -> values[(int) (i % values.length)]);
  }

  /** Ones for the first tokens of each row [batch, keys], zeros for the padding behind them. */
  static Values padding() {
    return (random, dtype, shape) -> {
      HostTensor tensor = HostTensor.zeros(dtype, shape);
      for (long row = 0; row < shape[0]; row++) {
        long length = 1L + random.nextInt((int) shape[1]);
        for (long i = 0; i < length; i++) {
          tensor.set(row * shape[1] + i, 1L);
        }
      }
      return tensor;
    };
  }
}
