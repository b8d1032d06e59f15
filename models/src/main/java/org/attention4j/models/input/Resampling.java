package org.attention4j.models.input;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.DoubleUnaryOperator;

/**
 * How the pixels of a resized image follow from the old ones: a filter that widens where the image
 * shrinks, first along rows, then along columns, in fixed point with 22 bits, each pass rounded to
 * bytes. The numbers are those of Pillow's {@code Image.resize}, which Hugging Face's processors
 * name by its codes.
 */
public enum Resampling {
  /** The pixel under the middle of the new one. */
  NEAREST(0, 0, x -> 0),
  LANCZOS(1, 3, x -> -3 <= x && x < 3 ? sinc(x) * sinc(x / 3) : 0),
  BILINEAR(2, 1, x -> Math.max(0, 1 - Math.abs(x))),
  /** Keys 1981, with a = -1/2. */
  BICUBIC(3, 2, Resampling::cubic),
  BOX(4, 0.5, x -> x > -0.5 && x <= 0.5 ? 1 : 0),
  HAMMING(5, 1, x -> Math.abs(x) < 1 ? sinc(x) * (0.54 + 0.46 * Math.cos(Math.PI * x)) : 0);

  private static final int BITS = 22;

  private final int code;
  private final double support;

  @SuppressWarnings("ImmutableEnumChecker") // a pure function
  private final DoubleUnaryOperator filter;

  Resampling(int code, double support, DoubleUnaryOperator filter) {
    this.code = code;
    this.support = support;
    this.filter = filter;
  }

  private static double sinc(double x) {
    return x == 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
  }

  private static double cubic(double x) {
    double d = Math.abs(x);
    if (d < 1) {
      return (1.5 * d - 2.5) * d * d + 1;
    }
    return d < 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0;
  }

  /** The one with Pillow's code. */
  static Optional<Resampling> ofCode(int code) {
    return Arrays.stream(values()).filter(r -> r.code == code).findFirst();
  }

  /** Pixels of interleaved bytes; a pass that keeps the size is left out. */
  byte[] resize(byte[] pixels, int channels, int width, int height, int newWidth, int newHeight) {
    byte[] wide =
        width == newWidth ? pixels : along(pixels, height, width, newWidth, channels, channels);
    if (height == newHeight) {
      return wide;
    }
    int row = newWidth * channels; // a column's neighbours are a row apart
    return along(wide, 1, height, newHeight, row, row);
  }

  /**
   * One pass along an axis.
   *
   * @param lines how often the axis comes, one after the other
   * @param from its length
   * @param to its new length
   * @param step from one element to the next
   * @param lanes elements side by side that are treated alike, at most {@code step}
   */
  private byte[] along(byte[] in, int lines, int from, int to, int step, int lanes) {
    Taps[] taps = taps(from, to);
    byte[] out = new byte[lines * to * step];
    for (int line = 0; line < lines; line++) {
      for (int i = 0; i < to; i++) {
        Taps tap = taps[i];
        int start = (line * from + tap.first) * step;
        for (int lane = 0; lane < lanes; lane++) {
          int sum = 1 << (BITS - 1);
          for (int k = 0; k < tap.weights.length; k++) {
            sum += (in[start + k * step + lane] & 0xFF) * tap.weights[k];
          }
          out[(line * to + i) * step + lane] = (byte) Math.max(0, Math.min(255, sum >> BITS));
        }
      }
    }
    return out;
  }

  /** Neighbours of a new element, and their weights in fixed point. */
  private static final class Taps {
    private final int first;
    private final int[] weights;

    Taps(int first, int[] weights) {
      this.first = first;
      this.weights = weights;
    }
  }

  private Taps[] taps(int from, int to) {
    Taps[] taps = new Taps[to];
    double scale = (double) from / to;
    double middle = scale * 0.5;
    for (int i = 0; i < to; i++) {
      taps[i] =
          this == NEAREST
              ? new Taps(Math.min((int) middle, from - 1), new int[] {1 << BITS})
              : taps((i + 0.5) * scale, Math.max(scale, 1), from);
      middle += scale; // summed up, as Pillow does
    }
    return taps;
  }

  private Taps taps(double center, double widening, int size) {
    double reach = support * widening;
    int first = Math.max(0, (int) (center - reach + 0.5));
    int end = Math.min(size, (int) (center + reach + 0.5));
    double[] weights = new double[end - first];
    for (int k = 0; k < weights.length; k++) {
      weights[k] = filter.applyAsDouble((k + first - center + 0.5) / widening);
    }
    double sum = Arrays.stream(weights).sum();
    int[] fixed = new int[weights.length];
    for (int k = 0; k < weights.length; k++) {
      double w = (sum == 0 ? weights[k] : weights[k] / sum) * (1 << BITS);
      fixed[k] = (int) (w < 0 ? w - 0.5 : w + 0.5);
    }
    return new Taps(first, fixed);
  }
}
