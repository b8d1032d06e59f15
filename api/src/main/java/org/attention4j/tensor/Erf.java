package org.attention4j.tensor;

/** The error function to double precision, which Java's {@code Math} does not have. */
final class Erf {
  private static final double TWO_OVER_ROOT_PI = 2 / Math.sqrt(Math.PI);
  private static final double SERIES_BELOW = 2.5;
  private static final int FRACTION_DEPTH = 80;

  private Erf() {}

  /**
   * Maclaurin series near 0, the continued fraction of erfc beyond (Abramowitz and Stegun 7.1.5,
   * 7.1.14).
   */
  static double of(double x) {
    double a = Math.abs(x);
    if (Double.isNaN(a)) {
      return a;
    }
    double result = a < SERIES_BELOW ? series(a) : 1 - complement(a);
    return Math.copySign(result, x);
  }

  private static double series(double a) {
    double term = a;
    double sum = a;
    for (int k = 1; Math.abs(term) > 1e-18 * sum; k++) {
      term *= -a * a / k;
      sum += term / (2 * k + 1);
    }
    return TWO_OVER_ROOT_PI * sum;
  }

  private static double complement(double a) {
    double fraction = 0;
    for (int k = FRACTION_DEPTH; k >= 1; k--) {
      fraction = k / 2.0 / (a + fraction);
    }
    return Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction);
  }
}
