package org.attention4j.models.input;

/**
 * Power spectra of real frames of one length, by the mixed-radix algorithm of Cooley and Tukey
 * 1965. Not thread-safe: it keeps its scratch space.
 */
final class Fourier {
  private final int size;
  private final double[] cos;
  private final double[] sin;
  private final double[] real;
  private final double[] imaginary;

  Fourier(int size) {
    this.size = size;
    this.cos = new double[size];
    this.sin = new double[size];
    this.real = new double[size];
    this.imaginary = new double[size];
    for (int i = 0; i < size; i++) {
      cos[i] = Math.cos(2 * Math.PI * i / size);
      sin[i] = -Math.sin(2 * Math.PI * i / size);
    }
  }

  /** Squared magnitudes of frequencies 0 to size / 2. */
  double[] power(double[] frame) {
    double[] re = new double[size];
    double[] im = new double[size];
    transform(frame, 0, 1, size, re, im, 0);
    double[] power = new double[size / 2 + 1];
    for (int k = 0; k < power.length; k++) {
      power[k] = re[k] * re[k] + im[k] * im[k];
    }
    return power;
  }

  /** The transform of {@code n} elements, {@code step} apart; it goes to {@code to} and on. */
  private void transform(double[] x, int from, int step, int n, double[] re, double[] im, int to) {
    if (n == 1) {
      re[to] = x[from];
      im[to] = 0;
      return;
    }
    int radix = smallestFactor(n);
    int part = n / radix;
    for (int r = 0; r < radix; r++) {
      transform(x, from + r * step, step * radix, part, re, im, to + r * part);
    }
    int turn = size / n; // e^(-2 pi i k / n) is entry k * turn of the tables
    for (int k = 0; k < n; k++) {
      double sumReal = 0;
      double sumImaginary = 0;
      for (int r = 0; r < radix; r++) {
        int at = to + r * part + k % part;
        int angle = (int) ((long) k * r % n) * turn;
        sumReal += re[at] * cos[angle] - im[at] * sin[angle];
        sumImaginary += re[at] * sin[angle] + im[at] * cos[angle];
      }
      real[k] = sumReal;
      imaginary[k] = sumImaginary;
    }
    System.arraycopy(real, 0, re, to, n);
    System.arraycopy(imaginary, 0, im, to, n);
  }

  private static int smallestFactor(int n) {
    for (int factor = 2; (long) factor * factor <= n; factor++) {
      if (n % factor == 0) {
        return factor;
      }
    }
    return n;
  }
}
