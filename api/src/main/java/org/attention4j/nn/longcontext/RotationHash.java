package org.attention4j.nn.longcontext;

import java.util.Random;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;

/**
 * Locality-sensitive hashing of directions by a random rotation (Andoni et al. 2015): the bucket is
 * the nearest of the rotated axes and their opposites. Vectors of small angle share it often.
 *
 * @param buckets 1, or an even number
 */
record RotationHash(int buckets, long seed) {

  /** [.., size] to buckets, i64 [..]. */
  Tensor of(Tensor x) {
    if (buckets == 1) {
      return x.topK(1).drop(-1).mul(0);
    }
    int size = x.type().size(-1);
    Random random = new Random(seed);
    double[] normal = new double[size * buckets / 2];
    for (int i = 0; i < normal.length; i++) {
      normal[i] = random.nextGaussian();
    }
    Tensor rotation = x.constant(normal).reshape(Dim.of(size), Dim.of(buckets / 2));
    Tensor rotated = x.stopGradient().matmul(rotation);
    return rotated.concat(-1, rotated.neg()).topK(1).drop(-1);
  }
}
