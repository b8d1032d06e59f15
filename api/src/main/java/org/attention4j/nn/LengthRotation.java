package org.attention4j.nn;

import java.util.List;
import java.util.stream.IntStream;
import org.attention4j.error.UsageException;
import org.attention4j.op.RotaryEmbedding;
import org.attention4j.tensor.Tensor;

/**
 * Rotary embedding whose frequencies depend on how far the sequence reaches, the largest position
 * plus 1. Up to {@code context} tokens the frequencies are {@code usual}; beyond, each is {@code
 * beyond}'s times {@code (1 + factor * (length / context - 1))^exponent}.
 *
 * @param usual radians a position, one for each pair of features
 * @param beyond the same for long sequences
 * @param exponents of the growth, one for each pair; 0 where it has no influence
 * @param factor of the growth
 * @param context tokens up to which nothing changes
 * @param scale factor of sine and cosine
 */
public record LengthRotation(
    List<Double> usual,
    List<Double> beyond,
    List<Double> exponents,
    double factor,
    int context,
    double scale)
    implements Rotation {
  public LengthRotation {
    usual = List.copyOf(usual);
    beyond = List.copyOf(beyond);
    exponents = List.copyOf(exponents);
    Sizes.requirePositive("LengthRotation", "context", context);
    if (usual.size() != beyond.size() || usual.size() != exponents.size()) {
      throw new UsageException(
          "LengthRotation: as many frequencies for short as for long sequences, not "
              + usual.size()
              + ", "
              + beyond.size()
              + " and "
              + exponents.size());
    }
  }

  /**
   * Dynamic NTK scaling: the base grows with the length.
   *
   * @param dims features that turn
   */
  public static LengthRotation dynamic(int dims, double base, double factor, int context) {
    if (dims < 4) {
      throw new UsageException("LengthRotation: at least 4 features must turn, not " + dims);
    }
    List<Double> frequencies = RotaryEmbedding.of(dims, base, false).frequencies();
    List<Double> exponents =
        IntStream.range(0, (dims + 1) / 2).mapToObj(i -> -2.0 * i / (dims - 2)).toList();
    return new LengthRotation(frequencies, frequencies, exponents, factor, context, 1);
  }

  /** LongRoPE (Ding et al. 2024): one set of frequencies up to the context, another beyond. */
  public static LengthRotation switching(
      List<Double> usual, List<Double> beyond, int context, double scale) {
    List<Double> exponents = usual.stream().map(f -> 0.0).toList();
    return new LengthRotation(usual, beyond, exponents, 0, context, scale);
  }

  @Override
  public Tensor turn(Tensor x, Tensor positions) {
    Tensor place = positions.cast(x.dtype());
    int[] all = IntStream.range(0, place.rank()).toArray();
    Tensor length = place.maximum(all).add(1); // [1] or [1, 1]
    Tensor growth = length.div(context).sub(1).max(0).mul(factor).add(1);
    Tensor grown = growth.log().mul(constant(x, exponents)).exp().mul(constant(x, beyond));
    Tensor frequency = length.le(context).where(constant(x, usual), grown); // [.., pairs]
    Tensor angle = place.insert(-1).mul(frequency); // [.., time, pairs]
    if (angle.rank() == 3) {
      angle = angle.insert(1); // [batch, 1, time, pairs]
    }
    Tensor cos = angle.cos();
    Tensor sin = angle.sin();
    return scale == 1
        ? RotaryEmbedding.rotate(x, cos, sin, false)
        : RotaryEmbedding.rotate(x, cos.mul(scale), sin.mul(scale), false);
  }

  private static Tensor constant(Tensor beside, List<Double> values) {
    return beside.constant(values.stream().mapToDouble(v -> v).toArray());
  }
}
