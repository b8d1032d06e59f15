package org.attention4j.models.input;

import java.math.BigInteger;
import org.attention4j.error.UsageException;

/**
 * Another sampling rate for a sound: interpolation by a sinc in a Hann window of 6 zero crossings
 * on each side, cut at 0.99 of the lower Nyquist frequency (Smith, Digital Audio Resampling). These
 * are the usual settings of torchaudio.
 */
final class RateConversion {
  private static final int CROSSINGS = 6;
  private static final double ROLLOFF = 0.99;
  private static final int MAX_PHASES = 1 << 20;

  private RateConversion() {}

  /**
   * The samples at a new rate; {@code ceil(length * to / from)} of them.
   *
   * @throws UsageException if the rates have no common measure of a usable size
   */
  static float[] apply(float[] samples, int from, int to) {
    if (to < 1) {
      throw new UsageException("a sampling rate is at least 1 Hz, not " + to);
    }
    int common = BigInteger.valueOf(from).gcd(BigInteger.valueOf(to)).intValue();
    int old = from / common;
    int fresh = to / common;
    double cut = Math.min(old, fresh) * ROLLOFF;
    int reach = (int) Math.ceil(CROSSINGS * old / cut); // old samples on each side
    long taps = (long) fresh * (2L * reach + old);
    if (taps > 16L * MAX_PHASES) {
      throw new UsageException(
          "sound of " + from + " Hz cannot be brought to " + to + " Hz here; convert it before");
    }
    long length = ((long) samples.length * fresh + old - 1) / old;
    if (length > Integer.MAX_VALUE - 8) {
      throw new UsageException("the sound is too long for a rate of " + to + " Hz");
    }
    double[][] kernels = kernels(old, fresh, cut, reach);
    float[] result = new float[(int) length];
    for (int i = 0; i < result.length; i++) {
      double[] kernel = kernels[i % fresh];
      int start = i / fresh * old - reach;
      double sum = 0;
      int first = Math.max(0, -start);
      int end = Math.min(kernel.length, samples.length - start);
      for (int k = first; k < end; k++) {
        sum += kernel[k] * samples[start + k];
      }
      result[i] = (float) sum;
    }
    return result;
  }

  /** The weights of old samples around a block of {@code old}, for each new one of the block. */
  private static double[][] kernels(int old, int fresh, double cut, int reach) {
    double[][] kernels = new double[fresh][2 * reach + old];
    for (int phase = 0; phase < fresh; phase++) {
      for (int k = 0; k < kernels[phase].length; k++) {
        double time = ((double) (k - reach) / old - (double) phase / fresh) * cut;
        double bounded = Math.max(-CROSSINGS, Math.min(CROSSINGS, time));
        double window = Math.cos(bounded * Math.PI / CROSSINGS / 2);
        double angle = bounded * Math.PI;
        double sinc = angle == 0 ? 1 : Math.sin(angle) / angle;
        kernels[phase][k] = sinc * window * window * cut / old;
      }
    }
    return kernels;
  }
}
