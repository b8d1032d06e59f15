package org.attention4j.models.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The pictures of reports can be read. */
class PicturesTest {
  private static final Pattern TICK = Pattern.compile("class=\"tick\"[^>]*>([^<]+)<");
  private static final Pattern DOT = Pattern.compile("<circle[^>]*cx=\"([^\"]+)\" cy=\"([^\"]+)\"");
  private static final Pattern NAME =
      Pattern.compile("<text x=\"([^\"]+)\" y=\"([^\"]+)\"[^>]*class=\"name");

  private static final Pattern TOKEN = Pattern.compile("<text x=\"([^\"]+)\"[^>]*class=\"token");
  private static final Pattern UPRIGHT = Pattern.compile("translate\\(([0-9.]+) ([0-9.]+)\\)");

  private static List<String> ticks(List<Double> steps, List<Double> losses) {
    LineChart.Curve curve = new LineChart.Curve("loss", "first", steps, losses);
    String svg = LineChart.of("losses", "steps", "nats", List.of(curve));
    return TICK.matcher(svg).results().map(m -> m.group(1)).toList();
  }

  @Test
  void ticksOfSmallLossesDifferAndStepsAreWhole() {
    List<String> ticks = ticks(List.of(0.0, 1.0, 2.0), List.of(0.021, 0.01, 0.004));
    int along = ticks.lastIndexOf("0"); // where the steps begin
    List<String> losses = ticks.subList(0, along);
    assertEquals(losses.size(), new HashSet<>(losses).size(), losses.toString());
    assertEquals(List.of("0", "0.005", "0.010", "0.015", "0.020", "0.025"), losses);
    assertEquals(List.of("0", "1", "2", "steps", "nats"), ticks.subList(along, ticks.size()));
  }

  @Test
  void oneLossIsADotAndWhatIsNoNumberIsLeftOut() {
    List<Double> steps = List.of(0.0, 5.0);
    LineChart.Curve curve = new LineChart.Curve("loss", "first", steps, List.of(Double.NaN, 1.0));
    String svg = LineChart.of("losses", "steps", "nats", List.of(curve));
    assertFalse(svg.contains("NaN"), svg);
    assertEquals(1, DOT.matcher(svg).results().count());
  }

  @Test
  void longLabelsOfAHeatMapAreInside() {
    String word = "internationalisation";
    String svg = HeatMap.of("map", List.of("a", word), new double[][] {{1, 0}, {0.5, 0.5}});
    MatchResult token = TOKEN.matcher(svg).results().toList().get(1);
    double letters = 6.5 * word.length(); // at 12 px
    assertTrue(Double.parseDouble(token.group(1)) > letters, token.group());
    MatchResult above = UPRIGHT.matcher(svg).results().toList().get(1);
    assertTrue(Double.parseDouble(above.group(2)) > letters * Math.sin(Math.PI / 3), svg);
    double width = Double.parseDouble(svg.replaceAll("(?s).*viewBox=\"0 0 (\\d+) .*", "$1"));
    assertTrue(Double.parseDouble(above.group(1)) + letters / 2 < width, svg);
  }

  @Test
  void aNameCoversNoOtherPoint() {
    List<ScatterPlot.Point> points = new ArrayList<>();
    for (int i = 0; i < 12; i++) { // in a heap, and one far away that sets the scale
      int row = i / 4;
      points.add(new ScatterPlot.Point("word", "first", 0.01 * (i % 4), 0.01 * row));
    }
    points.add(new ScatterPlot.Point("far", "second", 1, 1));
    String svg = ScatterPlot.of("words", points);
    List<MatchResult> dots = DOT.matcher(svg).results().toList();
    List<MatchResult> names = NAME.matcher(svg).results().toList();
    assertEquals(13, dots.size());
    assertEquals(13, names.size());
    for (MatchResult name : names) {
      double x = Double.parseDouble(name.group(1));
      double middle = Double.parseDouble(name.group(2)) - 4;
      for (MatchResult dot : dots) {
        double right = Double.parseDouble(dot.group(1)) - x;
        double above = Math.abs(Double.parseDouble(dot.group(2)) - middle);
        assertTrue(right < -3 || right > 30 || above > 7, name.group() + " on " + dot.group());
      }
    }
  }
}
