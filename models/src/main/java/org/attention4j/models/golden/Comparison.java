package org.attention4j.models.golden;

import java.util.Arrays;
import java.util.function.LongPredicate;
import org.attention4j.models.golden.GoldenRow.Status;
import org.attention4j.tensor.HostTensor;

/** How far two tensors are apart. */
final class Comparison {
  private Comparison() {}

  /** The largest absolute value. */
  static double magnitude(HostTensor tensor) {
    double most = 0;
    for (long i = 0; i < tensor.size(); i++) {
      most = Math.max(most, Math.abs(tensor.getDouble(i)));
    }
    return most;
  }

  /** Compares the elements that count. */
  static GoldenRow row(
      String name,
      String engine,
      String check,
      HostTensor expected,
      HostTensor got,
      double allowed,
      LongPredicate counts) {
    if (!Arrays.equals(expected.shape(), got.shape())) {
      return GoldenRow.failed(
          name,
          engine,
          check,
          "shape " + Arrays.toString(got.shape()) + ", not " + Arrays.toString(expected.shape()));
    }
    double worst = 0;
    long at = -1;
    for (long i = 0; i < expected.size(); i++) {
      if (!counts.test(i)) {
        continue;
      }
      double e = expected.getDouble(i);
      double g = got.getDouble(i);
      double difference = e == g ? 0 : Math.abs(e - g);
      if (!(difference <= worst)) { // NaN is the worst
        worst = difference;
        at = i;
        if (Double.isNaN(difference)) {
          break;
        }
      }
    }
    boolean passed = worst <= allowed;
    String text =
        passed
            ? ""
            : "at "
                + Arrays.toString(index(at, expected.shape()))
                + " expected "
                + expected.getDouble(at)
                + ", got "
                + got.getDouble(at);
    Status status = passed ? Status.PASSED : Status.FAILED;
    return new GoldenRow(name, engine, check, status, worst, allowed, text);
  }

  private static long[] index(long flat, long[] shape) {
    long[] index = new long[shape.length];
    long rest = flat;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = rest % shape[axis];
      rest /= shape[axis];
    }
    return index;
  }
}
