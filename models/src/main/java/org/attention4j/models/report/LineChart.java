package org.attention4j.models.report;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** Curves over one axis, such as losses over steps. */
public final class LineChart {
  private static final int WIDTH = 720;
  private static final int HEIGHT = 316;
  private static final int LEFT = 48;
  private static final int RIGHT = 130;
  private static final int TOP = 32;
  private static final int BOTTOM = 36;

  private LineChart() {}

  /**
   * One curve.
   *
   * @param style CSS class of the line: {@code first} or {@code second}
   */
  public record Curve(String name, String style, List<Double> x, List<Double> y) {
    public Curve {
      x = List.copyOf(x);
      y = List.copyOf(y);
    }

    private double end() {
      return y.stream().filter(Double::isFinite).reduce((first, second) -> second).orElse(0.0);
    }
  }

  /**
   * The picture, as SVG. Where curves lie on each other the later one shows.
   *
   * @param xLabel what is counted from left to right
   * @param yLabel what the curves show, with its unit
   */
  public static String of(String title, String xLabel, String yLabel, List<Curve> curves) {
    double maxX = Math.max(1e-9, largest(curves.stream().flatMap(c -> c.x.stream()).toList()));
    double maxY = Math.max(1e-9, largest(curves.stream().flatMap(c -> c.y.stream()).toList()));
    Svg svg = new Svg(WIDTH, HEIGHT, title);
    double stepY = niceStep(maxY / 5);
    double top = Math.ceil(maxY / stepY) * stepY;
    for (double tick = 0; tick <= top + stepY / 2; tick += stepY) {
      double y = yAt(tick, top);
      svg.line(LEFT, y, WIDTH - RIGHT, y, "grid");
      svg.label(LEFT - 6, y + 4, text(tick, stepY), "end", "tick");
    }
    double stepX = Math.max(1, niceStep(maxX / 6)); // steps are counted
    for (double tick = 0; tick <= maxX + 1e-9; tick += stepX) {
      svg.label(xAt(tick, maxX), HEIGHT - BOTTOM + 16, text(tick, stepX), "middle", "tick");
    }
    svg.label((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 4, xLabel, "middle", "tick");
    svg.label(4, 12, yLabel, "start", "tick");
    for (Curve curve : curves) {
      int[] shown =
          IntStream.range(0, curve.y.size()).filter(i -> Double.isFinite(curve.y.get(i))).toArray();
      double[] x = Arrays.stream(shown).mapToDouble(i -> xAt(curve.x.get(i), maxX)).toArray();
      double[] y = Arrays.stream(shown).mapToDouble(i -> yAt(curve.y.get(i), top)).toArray();
      svg.path(x, y, "curve " + curve.style);
      if (y.length == 1) { // a line through one point shows nothing
        svg.dot(x[0], y[0], "dot " + curve.style);
      }
    }
    names(svg, curves, top);
    return svg.toString();
  }

  /** Behind the ends of the curves, from the top down, none on another. */
  private static void names(Svg svg, List<Curve> curves, double top) {
    double above = Double.NEGATIVE_INFINITY;
    for (Curve curve : curves.stream().sorted(Comparator.comparing(c -> -c.end())).toList()) {
      double at = Math.max(yAt(curve.end(), top), above + 16);
      svg.label(WIDTH - RIGHT + 8, at + 4, curve.name, "start", "name " + curve.style);
      above = at;
    }
  }

  private static double largest(List<Double> values) {
    return values.stream().mapToDouble(v -> v).filter(Double::isFinite).max().orElse(1);
  }

  private static double xAt(double value, double max) {
    return LEFT + (WIDTH - RIGHT - LEFT) * value / max;
  }

  private static double yAt(double value, double max) {
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * value / max;
  }

  /** 1, 2 or 5 times a power of ten, at least as large. */
  private static double niceStep(double least) {
    double power = Math.pow(10, Math.floor(Math.log10(least)));
    double share = least / power;
    return power * (share <= 1 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10);
  }

  /** With the digits that tell ticks apart. */
  private static String text(double tick, double step) {
    int digits = (int) Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    return String.format(Locale.ROOT, "%." + (tick == 0 ? 0 : digits) + "f", tick);
  }
}
