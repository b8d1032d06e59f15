package org.attention4j.nn.longcontext;

import java.util.Random;
import org.attention4j.error.ShapeException;
import org.attention4j.nn.Sizes;
import org.attention4j.tensor.Tensor;

/**
 * FAVOR+: positive orthogonal random features (Choromanski et al. 2021, lemma 1 and section 2.4).
 * {@code exp(w.x - |x|^2 / 2) / sqrt(features)} with x = input / head_dim^(1/4): the expectation of
 * the products over draws of w is {@code exp(q.k / sqrt(head_dim))}, the exponential of the usual
 * score. The variance falls with the number of features.
 *
 * <p>Directions are orthogonal within each group of head_dim features; lengths are those of normal
 * vectors. They are constants of the graph.
 *
 * @param features number of random directions
 * @param headDim features of a head
 * @param seed of the directions
 */
public record PositiveRandomFeatures(int features, int headDim, long seed) implements FeatureMap {
  private static final double LARGEST_EXPONENT = 80; // exp(88.7) is beyond f32

  public PositiveRandomFeatures {
    Sizes.requirePositive("PositiveRandomFeatures", "features", features, "headDim", headDim);
  }

  /** Scaled by each row's largest feature, a factor that cancels. */
  @Override
  public Tensor query(Tensor x) {
    Tensor exponent = exponent(x, directions());
    return exponent.sub(exponent.maximum(-1).stopGradient()).exp();
  }

  /**
   * Divided by one constant where the features could overflow: {@code w.x - |x|^2 / 2} is at most
   * {@code |w|^2 / 2}.
   */
  @Override
  public Tensor key(Tensor x) {
    double[] directions = directions();
    double bound = largestSquare(directions) / 2;
    Tensor exponent = exponent(x, directions);
    return exponent.sub(Math.max(0, bound - LARGEST_EXPONENT)).exp();
  }

  /** [.., head_dim] to [.., features]. */
  private Tensor exponent(Tensor x, double[] directions) {
    if (!x.dim(-1).is(headDim)) {
      throw new ShapeException(
          "PositiveRandomFeatures of head_dim " + headDim + " cannot take " + x.type());
    }
    Tensor scaled = x.mul(Math.pow(headDim, -0.25));
    Tensor w = x.constant(directions).reshape(features, headDim);
    Tensor half = scaled.mul(scaled).sum(-1).mul(0.5).add(0.5 * Math.log(features));
    return scaled.matmulTransposed(w).sub(half);
  }

  private double largestSquare(double[] directions) {
    double largest = 0;
    for (int row = 0; row < features; row++) {
      largest = Math.max(largest, dot(directions, row, directions, row));
    }
    return largest;
  }

  /** Row-major [features, head_dim]. */
  double[] directions() {
    Random random = new Random(seed);
    double[] rows = new double[features * headDim];
    for (int row = 0; row < features; row++) {
      double length = Math.sqrt(drawn(random, rows, row)); // the draw itself only gives its length
      do {
        drawn(random, rows, row);
        orthogonalise(rows, row);
      } while (dot(rows, row, rows, row) < 1e-12); // in the span of the others: draw again
      scale(rows, row, length / Math.sqrt(dot(rows, row, rows, row)));
    }
    return rows;
  }

  /** Fills a row with normal numbers; their squared length. */
  private double drawn(Random random, double[] rows, int row) {
    for (int i = 0; i < headDim; i++) {
      rows[row * headDim + i] = random.nextGaussian();
    }
    return dot(rows, row, rows, row);
  }

  /** Gram-Schmidt, twice for accuracy, against the rows of the same group before this one. */
  private void orthogonalise(double[] rows, int row) {
    for (int pass = 0; pass < 2; pass++) {
      for (int other = row - row % headDim; other < row; other++) {
        double share = dot(rows, row, rows, other) / dot(rows, other, rows, other);
        for (int i = 0; i < headDim; i++) {
          rows[row * headDim + i] -= share * rows[other * headDim + i];
        }
      }
    }
  }

  private void scale(double[] rows, int row, double factor) {
    for (int i = 0; i < headDim; i++) {
      rows[row * headDim + i] *= factor;
    }
  }

  private double dot(double[] a, int rowOfA, double[] b, int rowOfB) {
    double sum = 0;
    for (int i = 0; i < headDim; i++) {
      sum += a[rowOfA * headDim + i] * b[rowOfB * headDim + i];
    }
    return sum;
  }
}
