package org.attention4j.models.report;

import java.util.List;
import java.util.Locale;

/** Probabilities of attention: a row a query, a column a key, a stronger colour is more. */
public final class HeatMap {
  private static final int CELL = 18;
  private static final double LETTER = 7.2; // width of a letter of 12 px, rather more than less
  private static final int MARGIN = 48;
  private static final double SLOPE = Math.toRadians(60); // of the labels above

  private HeatMap() {}

  /**
   * The picture, as SVG.
   *
   * @param tokens labels of the rows and columns
   * @param weights [queries][keys], each row from 0 to 1
   */
  public static String of(String title, List<String> tokens, double[][] weights) {
    int letters = tokens.stream().mapToInt(t -> t.codePointCount(0, t.length())).max().orElse(0);
    int left = (int) Math.max(MARGIN, LETTER * letters + 9);
    int top = (int) Math.max(MARGIN, LETTER * letters * Math.sin(SLOPE) + 12);
    int right = (int) (LETTER * letters * Math.cos(SLOPE)) + 4;
    int side = CELL * tokens.size();
    Svg svg = new Svg(left + side + right, top + side + 4, title);
    for (int row = 0; row < weights.length; row++) {
      svg.label(left - 5, top + CELL * row + 13, tokens.get(row), "end", "token");
      for (int column = 0; column < weights[row].length; column++) {
        String tooltip =
            String.format(
                Locale.ROOT,
                "%s attends to %s: %.3f",
                tokens.get(row),
                tokens.get(column),
                weights[row][column]);
        svg.cell(
            left + CELL * column,
            top + CELL * row,
            CELL - 1.0,
            Math.min(1, Math.max(0, weights[row][column])),
            tooltip);
      }
    }
    for (int column = 0; column < tokens.size(); column++) {
      svg.upright(left + CELL * column + 11, top - 6, tokens.get(column), "token");
    }
    return svg.toString();
  }
}
