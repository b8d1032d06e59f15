package org.attention4j.conformance;

import org.attention4j.tensor.HostTensor;

/**
 * What a result must be.
 *
 * @param expected the values, f64 for floating ones
 * @param limit how far a floating result may be away
 * @param source where the values are from: {@code oracle reference/f64}
 */
public record Target(HostTensor expected, Limit limit, String source) {

  /**
   * How far a result may be away: each element by {@code max(absolute + relative * |expected|, 2 *
   * naive)}, and all of them by their normalised mean square.
   *
   * @param absolute part of the floor
   * @param relative part of the floor
   * @param naive largest error of a plain run in the same precision; 0 if there is none
   * @param meanSquare bound of the mean square error over that of the expected values
   * @param words what the bound is made of
   */
  public record Limit(
      double absolute, double relative, double naive, double meanSquare, String words) {

    /** Bit by bit. */
    public static final Limit EXACT = new Limit(0, 0, 0, 0, "exact");

    /** A bound on each element only. */
    public static Limit absolute(double bound, String words) {
      return new Limit(bound, 0, 0, Double.POSITIVE_INFINITY, words);
    }

    double at(double expected) {
      return Math.max(absolute + relative * Math.abs(expected), 2 * naive);
    }
  }
}
