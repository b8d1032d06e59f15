package org.attention4j.conformance;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/** Compares results with targets: names, types, NaN and infinity, then values. */
public final class Comparison {
  private Comparison() {}

  /**
   * The differences as lines, empty if everything is within its limit.
   *
   * @param types what the results must be; for gradients, null
   */
  public static String of(
      Map<String, Target> targets,
      Map<String, HostTensor> results,
      @Nullable Map<String, TensorType> types) {
    StringBuilder report = new StringBuilder();
    targets.forEach(
        (name, target) -> {
          HostTensor result = results.get(name);
          DType dtype = DType.F32;
          TensorType type = types == null ? null : types.get(name);
          if (type != null) {
            dtype = type.dtype();
          }
          report.append(difference(name, target, result, dtype));
        });
    return report.toString();
  }

  private static String difference(
      String name, Target target, @Nullable HostTensor got, DType dtype) {
    HostTensor expected = target.expected();
    String head = "  " + target.source() + "   " + name + ": ";
    if (got == null) {
      return head + "missing\n";
    }
    if (got.dtype() != dtype) {
      return head + "dtype " + got.dtype().label() + ", expected " + dtype.label() + "\n";
    }
    if (!Arrays.equals(got.shape(), expected.shape())) {
      return head
          + "shape "
          + Arrays.toString(got.shape())
          + ", expected "
          + Arrays.toString(expected.shape())
          + "\n";
    }
    return dtype.isFloating() ? reals(head, target, got) : integers(head, expected, got);
  }

  private static String integers(String head, HostTensor expected, HostTensor got) {
    long outside = 0;
    long first = -1;
    for (long i = 0; i < expected.size(); i++) {
      if (number(expected, i) != number(got, i)) {
        outside++;
        first = first < 0 ? i : first;
      }
    }
    if (outside == 0) {
      return "";
    }
    return head
        + "at "
        + index(expected, first)
        + ": expected "
        + number(expected, first)
        + ", got "
        + number(got, first)
        + "\n  allowed: exact; "
        + outside
        + " of "
        + expected.size()
        + " differ\n";
  }

  private static long number(HostTensor tensor, long i) {
    if (tensor.dtype() == DType.BOOL) {
      return tensor.getBoolean(i) ? 1 : 0;
    }
    return tensor.getLong(i);
  }

  private static String reals(String head, Target target, HostTensor got) {
    HostTensor expected = target.expected();
    Target.Limit limit = target.limit();
    long outside = 0;
    long first = -1;
    long worst = -1;
    double worstExcess = 0;
    double square = 0;
    double scale = 0;
    for (long i = 0; i < expected.size(); i++) {
      double e = rounded(expected.getDouble(i), limit, got.dtype());
      double g = got.getDouble(i);
      if (!Double.isFinite(e) || !Double.isFinite(g)) {
        if (Double.compare(e + 0.0, g + 0.0) == 0) {
          continue;
        }
        outside++;
        first = first < 0 ? i : first;
        if (worstExcess < Double.POSITIVE_INFINITY) {
          worst = i;
          worstExcess = Double.POSITIVE_INFINITY;
        }
        continue;
      }
      double error = Math.abs(e - g);
      square += error * error;
      scale += e * e;
      double excess = error - limit.at(e);
      if (excess > 0) {
        outside++;
        first = first < 0 ? i : first;
      }
      if (worst < 0 || excess > worstExcess) {
        worst = i;
        worstExcess = excess;
      }
    }
    double meanSquare = normalised(square, scale, expected.size());
    if (outside == 0 && meanSquare <= limit.meanSquare()) {
      return "";
    }
    return report(head, target, got, new Worst(worst, first, outside, meanSquare));
  }

  private record Worst(long index, long first, long outside, double meanSquare) {}

  private static String report(String head, Target target, HostTensor got, Worst worst) {
    HostTensor expected = target.expected();
    double e = expected.getDouble(worst.index);
    double g = got.getDouble(worst.index);
    String finite = Double.isFinite(e) && !Double.isFinite(g) ? " (not finite)" : "";
    String text =
        String.format(
            Locale.ROOT,
            "%smax|e| %.1e at %s: expected %.7g, got %.7g%s%n",
            head,
            Math.abs(e - g),
            index(expected, worst.index),
            e,
            g,
            finite);
    text +=
        String.format(
            Locale.ROOT,
            "  allowed %.1e = %s; %d of %d outside",
            target.limit().at(e),
            target.limit().words(),
            worst.outside,
            expected.size());
    if (worst.first >= 0) {
      long[] shape = expected.shape();
      long width = shape.length == 0 ? 1 : shape[shape.length - 1];
      text += "; first row " + worst.first / Math.max(1, width);
    }
    if (worst.meanSquare > target.limit().meanSquare()) {
      text +=
          String.format(
              Locale.ROOT,
              "%n  normalised mean square error %.1e, allowed %.1e",
              worst.meanSquare,
              target.limit().meanSquare());
    }
    return text + "\n";
  }

  /** Where no error is allowed, the expected value is rounded to what the result can hold. */
  private static double rounded(double value, Target.Limit limit, DType dtype) {
    return limit.equals(Target.Limit.EXACT) && dtype == DType.F32 ? (double) (float) value : value;
  }

  /** Mean square error relative to the values; values below 0.1 count as 0.1. */
  static double normalised(double squares, double scale, long count) {
    return count == 0 ? 0 : squares / (scale + 0.01 * count);
  }

  private static String index(HostTensor tensor, long flat) {
    long[] shape = tensor.shape();
    long[] index = new long[shape.length];
    long rest = flat;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = rest % shape[axis];
      rest /= shape[axis];
    }
    return Arrays.toString(index).replace(" ", "");
  }
}
