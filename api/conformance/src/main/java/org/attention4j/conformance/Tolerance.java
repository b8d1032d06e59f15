package org.attention4j.conformance;

import java.util.Locale;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;

/**
 * The one tolerance class. A result passes if each element is within {@code max(floor, 2 * e)} of
 * the float64 value, where e is the largest error of a naive run in the same precision, and if the
 * normalised mean square error is small. The naive run carries the reduction length into the bound.
 * Engines do not appear here; only a case may loosen, with its reason.
 */
public final class Tolerance {
  private Tolerance() {}

  /** Floors of one precision: absolute, relative, normalised mean square. */
  private record Floor(double absolute, double relative, double meanSquare) {}

  private static Floor floor(DType precision, boolean backward) {
    return switch (precision) {
      case F64 -> new Floor(1e-11, 1e-11, 1e-22);
      case F16 -> new Floor(backward ? 8e-3 : 4e-3, backward ? 2e-3 : 4e-4, backward ? 1e-4 : 1e-5);
      case BF16 ->
          new Floor(backward ? 4e-2 : 2e-2, backward ? 2e-2 : 5e-3, backward ? 1e-2 : 1e-3);
      default -> new Floor(backward ? 5e-4 : 3e-4, backward ? 1e-4 : 2e-5, backward ? 1e-8 : 1e-10);
    };
  }

  /**
   * The limit of one result.
   *
   * @param oracle the float64 value
   * @param naive the same, computed plainly in {@code precision}
   * @param loosened factor of both bounds that the case asks for, usually 1
   */
  public static Target.Limit limit(
      DType precision, boolean backward, HostTensor oracle, HostTensor naive, double loosened) {
    Floor floor = floor(precision, backward);
    double worst = 0;
    double square = 0;
    double scale = 0;
    long finite = 0;
    for (long i = 0; i < oracle.size(); i++) {
      double expected = oracle.getDouble(i);
      double error = Math.abs(expected - naive.getDouble(i));
      if (Double.isFinite(error)) {
        worst = Math.max(worst, error);
        square += error * error;
        scale += expected * expected;
        finite++;
      }
    }
    double naiveSquare = Comparison.normalised(square, scale, finite);
    String words =
        String.format(
            Locale.ROOT,
            "max(floor %.1e + %.1e |e|, 2 x naive-%s %.1e)%s",
            floor.absolute * loosened,
            floor.relative * loosened,
            precision.label(),
            worst,
            loosened == 1 ? "" : ", loosened by the case");
    return new Target.Limit(
        floor.absolute * loosened,
        floor.relative * loosened,
        worst * loosened,
        Math.max(floor.meanSquare, 10 * naiveSquare) * loosened * loosened,
        words);
  }
}
