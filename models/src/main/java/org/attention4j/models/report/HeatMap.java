package org.attention4j.models.report;

import java.util.List;
import java.util.Locale;

/** Probabilities of attention: a row a query, a column a key, darker is more. */
public final class HeatMap {
  private static final int CELL = 18;
  private static final int MARGIN = 74;

  private HeatMap() {}

  /**
   * The picture, as SVG.
   *
   * @param tokens labels of the rows and columns
   * @param weights [queries][keys], each row from 0 to 1
   */
  public static String of(String title, List<String> tokens, double[][] weights) {
    int side = MARGIN + CELL * tokens.size() + 4;
    Svg svg = new Svg(side, side, title);
    for (int row = 0; row < weights.length; row++) {
      svg.label(MARGIN - 5, MARGIN + CELL * row + 13, tokens.get(row), "end", "token");
      for (int column = 0; column < weights[row].length; column++) {
        String tooltip =
            String.format(
                Locale.ROOT,
                "%s attends to %s: %.3f",
                tokens.get(row),
                tokens.get(column),
                weights[row][column]);
        svg.cell(
            MARGIN + CELL * column,
            MARGIN + CELL * row,
            CELL - 1.0,
            Math.min(1, Math.max(0, weights[row][column])),
            tooltip);
      }
    }
    for (int column = 0; column < tokens.size(); column++) {
      svg.upright(MARGIN + CELL * column + 11, MARGIN - 6, tokens.get(column), "token");
    }
    return svg.toString();
  }
}
