package org.attention4j.models.report;

import java.util.ArrayList;
import java.util.List;

/** Named points in groups, such as words on two axes. */
public final class ScatterPlot {
  private static final int WIDTH = 720;
  private static final int HEIGHT = 440;
  private static final int MARGIN = 80;
  private static final double LABEL = 14;
  private static final double WORD = 80;
  private static final double DOT = 4;
  private static final double BESIDE = 11; // a name begins so far to the right of its dot
  private static final double LETTER = 7.5; // width of a letter of 13 px, rather more than less

  private ScatterPlot() {}

  /**
   * One point.
   *
   * @param style CSS class of its group: {@code first}, {@code second} ...
   */
  public record Point(String name, String style, double x, double y) {}

  /** The picture, as SVG. */
  public static String of(String title, List<Point> points) {
    double left = points.stream().mapToDouble(Point::x).min().orElse(0);
    double right = points.stream().mapToDouble(Point::x).max().orElse(1);
    double low = points.stream().mapToDouble(Point::y).min().orElse(0);
    double high = points.stream().mapToDouble(Point::y).max().orElse(1);
    int letters = points.stream().mapToInt(p -> p.name.length()).max().orElse(0);
    double room = WIDTH - MARGIN - Math.max(MARGIN, BESIDE + LETTER * letters);
    Svg svg = new Svg(WIDTH, HEIGHT, title);
    svg.line(MARGIN / 2.0, HEIGHT / 2.0, WIDTH - MARGIN / 2.0, HEIGHT / 2.0, "grid");
    svg.line(WIDTH / 2.0, MARGIN / 2.0, WIDTH / 2.0, HEIGHT - MARGIN / 2.0, "grid");
    List<double[]> dots = new ArrayList<>();
    for (Point p : points) {
      double x = MARGIN + room * (p.x - left) / Math.max(1e-12, right - left);
      double y = MARGIN + (HEIGHT - 2.0 * MARGIN) * (high - p.y) / Math.max(1e-12, high - low);
      svg.dot(x, y, "dot " + p.style);
      dots.add(new double[] {x, y});
    }
    List<double[]> labels = new ArrayList<>();
    for (int i = 0; i < dots.size(); i++) {
      Point p = points.get(i);
      double x = dots.get(i)[0];
      double y = dots.get(i)[1];
      double at = freePlace(labels, dots, x, y);
      labels.add(new double[] {x, at});
      if (Math.abs(at - y) > LABEL) {
        svg.line(x + 4, y, x + 10, at, "tie");
      }
      svg.label(x + BESIDE, at + 4, p.name, "start", "name " + p.style);
    }
    return svg.toString();
  }

  /** The height nearest to the point at which a label covers no earlier one, and no dot. */
  private static double freePlace(List<double[]> labels, List<double[]> dots, double x, double y) {
    for (int n = 0; ; n++) {
      double at = y + LABEL * (n % 2 == 0 ? n / 2 : -(n + 1) / 2);
      boolean free =
          labels.stream().noneMatch(l -> Math.abs(l[0] - x) < WORD && Math.abs(l[1] - at) < LABEL)
              && dots.stream()
                  .noneMatch(
                      d ->
                          d[0] > x + DOT
                              && d[0] < x + WORD
                              && Math.abs(d[1] - at) < DOT + LABEL / 2);
      if (free) {
        return at;
      }
    }
  }
}
