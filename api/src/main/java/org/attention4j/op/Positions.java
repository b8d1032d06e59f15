package org.attention4j.op;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.attention4j.error.ShapeException;
import org.attention4j.error.UsageException;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;

/** Position encodings that need no parameters. */
public final class Positions {
  private Positions() {}

  /**
   * Sines and cosines of Vaswani et al. 2017, section 3.5: feature 2i is sin(pos /
   * 10000^(2i/width)), feature 2i+1 the cosine.
   *
   * @param positions i64 [time] or [batch, time]
   * @return [.., time, width]
   */
  public static Tensor sinusoid(Tensor positions, int width, DType dtype) {
    Tensor angle = angles(positions, width);
    return angle.sin().insert(-1).concat(-1, angle.cos().insert(-1)).merge(-2, 2).cast(dtype);
  }

  /**
   * The same numbers with all sines before all cosines: [.., time] to [.., time, width].
   *
   * @throws ShapeException if the width is odd
   */
  public static Tensor sinusoidInHalves(Tensor positions, int width, DType dtype) {
    Tensor angle = angles(positions, width);
    return angle.sin().concat(-1, angle.cos()).cast(dtype);
  }

  /**
   * [.., time] to [.., time, width / 2], in f64 at any precision: rounded to f32, an angle of 500
   * is off by 3e-5, and so is its sine.
   */
  private static Tensor angles(Tensor positions, int width) {
    if (width % 2 != 0) {
      throw new ShapeException("sinusoidal positions need an even width, got " + width);
    }
    Tensor position = positions.cast(DType.F64).insert(-1); // [.., time, 1]
    double[] frequencies =
        IntStream.range(0, width / 2).mapToDouble(i -> Math.pow(10000, -2.0 * i / width)).toArray();
    return position.mul(position.constant(frequencies));
  }

  /**
   * ALiBi slopes (Press et al. 2022): a geometric sequence from 2^(-8/n); heads beyond a power of
   * two take every second slope of the next power.
   */
  public static List<Double> alibiSlopes(int heads) {
    int power = Integer.highestOneBit(heads);
    List<Double> slopes = new ArrayList<>();
    for (int i = 1; i <= power; i++) {
      slopes.add(Math.pow(2, -8.0 * i / power));
    }
    for (int i = 1; slopes.size() < heads; i += 2) {
      slopes.add(Math.pow(2, -4.0 * i / power));
    }
    return slopes;
  }

  /**
   * T5's relative-position buckets (Raffel et al. 2020): exact for short distances, logarithmic up
   * to {@code maxDistance}, by integer thresholds that every engine compares exactly.
   *
   * @param relative key slot - query slot, i64 [..]
   * @param bidirectional half of the buckets for keys after the query; otherwise those share bucket
   *     0
   * @return bucket numbers, i64 [..]
   */
  public static Tensor relativeBuckets(
      Tensor relative, int buckets, int maxDistance, boolean bidirectional) {
    int side = bidirectional ? buckets / 2 : buckets;
    Tensor distance = bidirectional ? relative.abs() : relative.neg().max(0);
    Tensor thresholds = distance.integers(bucketThresholds(side, maxDistance));
    Tensor bucket = thresholds.le(distance.insert(-1)).cast(DType.I64).sum(-1).drop(-1);
    if (!bidirectional) {
      return bucket;
    }
    Tensor after = relative.scalar(0).lt(relative).cast(DType.I64);
    return bucket.add(after.mul(side));
  }

  /** The smallest distance of each bucket but the first. */
  static long[] bucketThresholds(int side, int maxDistance) {
    int exact = side / 2;
    if (exact < 1 || maxDistance <= exact) {
      throw new UsageException(
          "relative positions need 2 buckets a side or more, and a largest distance beyond the"
              + " exact half of them, not "
              + side
              + " buckets up to "
              + maxDistance);
    }
    long[] thresholds = new long[side - 1];
    for (int bucket = 1; bucket < side; bucket++) {
      thresholds[bucket - 1] = bucket <= exact ? bucket : firstOf(bucket, exact, side, maxDistance);
    }
    return thresholds;
  }

  /** The smallest distance whose bucket is this one or a later one; buckets grow with distance. */
  private static long firstOf(int bucket, int exact, int side, int maxDistance) {
    int low = exact;
    int high = Integer.MAX_VALUE;
    while (low < high) {
      int middle = low + (high - low) / 2;
      if (logBucket(middle, exact, side, maxDistance) < bucket) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** In single precision, as the published checkpoints were trained. */
  private static int logBucket(int distance, int exact, int side, int maxDistance) {
    float ratio =
        (float) Math.log((float) distance / exact) / (float) Math.log((double) maxDistance / exact);
    return Math.min(side - 1, exact + (int) (ratio * (side - exact)));
  }

  /** Slots of keys minus slots of queries, i64 [queries, keys]. */
  public static Tensor relativeSlots(Tensor beside, Start start, Dim queries, Dim keys) {
    Tensor key = beside.iota(keys).insert(0); // [1, keys]
    return key.sub(start.slots(beside, queries).insert(1)); // [queries, 1]
  }

  /**
   * Positions that count tokens only: the number of tokens up to each query's slot, minus 1.
   *
   * @param mask [batch, keys], non-zero where there is a token
   * @param queries how many slots there are, the first one at {@code start}
   * @return i64 [batch, queries]
   */
  public static Tensor ofTokens(Tensor mask, Start start, Dim queries) {
    return tokens(mask, keySlots(mask).le(querySlots(mask, start, queries))).sub(1);
  }

  /**
   * Where queries are tokens.
   *
   * @param mask [batch, keys], non-zero where there is a token
   * @param queries how many slots there are, the first one at {@code start}
   * @return i64 [batch, queries], 1 or 0
   */
  public static Tensor tokensAt(Tensor mask, Start start, Dim queries) {
    return tokens(mask, keySlots(mask).eq(querySlots(mask, start, queries)));
  }

  private static Tensor querySlots(Tensor mask, Start start, Dim queries) {
    return start.slots(mask, queries).insert(1); // [queries, 1]
  }

  private static Tensor keySlots(Tensor mask) {
    return mask.iota(mask.dim(1)).insert(0); // [1, keys]
  }

  /** The number of tokens among the keys that are chosen [queries, keys]: [batch, queries]. */
  private static Tensor tokens(Tensor mask, Tensor chosen) {
    Tensor token = mask.cast(DType.BOOL).cast(DType.I64).insert(1); // [batch, 1, keys]
    return token.mul(chosen.cast(DType.I64)).sum(-1).drop(-1);
  }
}
