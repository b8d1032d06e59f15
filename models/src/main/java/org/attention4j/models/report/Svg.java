package org.attention4j.models.report;

import java.util.Locale;

/**
 * Builds one SVG picture. Written by hand, since plotting libraries draw through AWT, which needs
 * fonts that servers often lack.
 */
final class Svg {
  private final StringBuilder text = new StringBuilder();

  Svg(int width, int height, String title) {
    add(
        "<svg viewBox=\"0 0 %d %d\" role=\"img\" xmlns=\"http://www.w3.org/2000/svg\">"
            .formatted(width, height));
    add("<title>" + escape(title) + "</title>");
  }

  private void add(String element) {
    text.append(element).append('\n');
  }

  static String escape(String raw) {
    return raw.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }

  /** A straight line of a CSS class. */
  Svg line(double x1, double y1, double x2, double y2, String style) {
    add(
        "<line x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\" class=\"%s\"/>"
            .formatted(number(x1), number(y1), number(x2), number(y2), style));
    return this;
  }

  /** A line through points. */
  Svg path(double[] x, double[] y, String style) {
    StringBuilder d = new StringBuilder();
    for (int i = 0; i < x.length; i++) {
      d.append(i == 0 ? 'M' : 'L').append(number(x[i])).append(' ').append(number(y[i]));
    }
    add("<path d=\"%s\" class=\"%s\"/>".formatted(d, style));
    return this;
  }

  /** A filled square; opacity from 0 to 1. */
  Svg cell(double x, double y, double size, double opacity, String tooltip) {
    add(
        "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" class=\"cell\" fill-opacity=\"%s\">"
            .formatted(number(x), number(y), number(size), number(size), number(opacity)));
    add("<title>" + escape(tooltip) + "</title></rect>");
    return this;
  }

  Svg dot(double x, double y, String style) {
    add(
        "<circle cx=\"%s\" cy=\"%s\" r=\"4\" class=\"%s\"/>"
            .formatted(number(x), number(y), style));
    return this;
  }

  /** Text; the anchor is start, middle or end. */
  Svg label(double x, double y, String content, String anchor, String style) {
    add(
        "<text x=\"%s\" y=\"%s\" text-anchor=\"%s\" class=\"%s\">%s</text>"
            .formatted(number(x), number(y), anchor, style, escape(content)));
    return this;
  }

  /** Text that runs upwards from a point. */
  Svg upright(double x, double y, String content, String style) {
    add(
        "<text transform=\"translate(%s %s) rotate(-60)\" class=\"%s\">%s</text>"
            .formatted(number(x), number(y), style, escape(content)));
    return this;
  }

  @Override
  public String toString() {
    return text + "</svg>\n";
  }
}
