package org.attention4j.models.input;

/**
 * Triangles over the frequencies of a spectrum, evenly spaced on Slaney's mel scale (linear below
 * 1000 Hz, logarithmic above; Slaney 1998, Auditory Toolbox), each of area 1.
 */
final class MelFilters {
  private static final double LINEAR_HERTZ = 200.0 / 3; // a mel below the bend
  private static final double BEND_HERTZ = 1000;
  private static final double BEND_MEL = BEND_HERTZ / LINEAR_HERTZ;
  private static final double LOG_STEP = Math.log(6.4) / 27; // above it

  private final int[] first;
  private final double[][] weights;

  /**
   * Filters.
   *
   * @param bins of the spectrum, from 0 Hz to half the rate
   * @param highest frequency where the last filter ends
   */
  MelFilters(int count, int bins, double rate, double highest) {
    first = new int[count];
    weights = new double[count][];
    double top = mel(highest);
    for (int n = 0; n < count; n++) {
      double left = hertz(top * n / (count + 1));
      double middle = hertz(top * (n + 1) / (count + 1));
      double right = hertz(top * (n + 2) / (count + 1));
      double[] all = new double[bins];
      int from = bins;
      int to = 0;
      for (int bin = 0; bin < bins; bin++) {
        double f = rate / 2 * bin / (bins - 1);
        double slope = Math.min((f - left) / (middle - left), (right - f) / (right - middle));
        all[bin] = Math.max(0, slope) * 2 / (right - left);
        if (all[bin] > 0) {
          from = Math.min(from, bin);
          to = bin + 1;
        }
      }
      first[n] = from;
      weights[n] = from < to ? java.util.Arrays.copyOfRange(all, from, to) : new double[0];
    }
  }

  private static double mel(double hertz) {
    return hertz < BEND_HERTZ
        ? hertz / LINEAR_HERTZ
        : BEND_MEL + Math.log(hertz / BEND_HERTZ) / LOG_STEP;
  }

  private static double hertz(double mel) {
    return mel < BEND_MEL ? mel * LINEAR_HERTZ : BEND_HERTZ * Math.exp(LOG_STEP * (mel - BEND_MEL));
  }

  int count() {
    return first.length;
  }

  /** What a filter lets through of a power spectrum. */
  double apply(int filter, double[] power) {
    double sum = 0;
    double[] w = weights[filter];
    for (int i = 0; i < w.length; i++) {
      sum += w[i] * power[first[filter] + i];
    }
    return sum;
  }
}
