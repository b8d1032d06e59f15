package org.attention4j.conformance.report;

import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.attention4j.conformance.Finding;
import org.attention4j.conformance.Report;
import org.attention4j.conformance.Result;

/** The report as one page that refers to nothing outside itself. */
public final class HtmlPage {
  private static final String STYLE =
      """
      body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}
      table{border-collapse:collapse}td,th{padding:.2rem .8rem;border-bottom:1px solid #8884}
      td:not(:first-child){text-align:right}.failed{background:#c003;font-weight:600}
      .gap{background:#c803}pre{overflow:auto;background:#8881;padding:.6rem}
      :root{color-scheme:light dark}
      """;

  private HtmlPage() {}

  /** The document. */
  public static String of(Report report) {
    StringBuilder html = new StringBuilder("<!doctype html>\n<html lang=\"en\">\n");
    html.append("<meta charset=\"utf-8\">\n<title>attention4j conformance</title>\n");
    html.append("<style>\n").append(STYLE).append("</style>\n");
    html.append("<h1>Conformance</h1>\n<p>").append(escaped(report.lastLine()));
    html.append(String.format(Locale.ROOT, "</p>%n<p>Seed %x.</p>%n", report.seed()));
    table(html, report);
    details(html, "Failures", report, Finding.Status.FAILED);
    details(html, "Known gaps", report, Finding.Status.GAP);
    if (!report.unknown().isEmpty()) {
      html.append("<h2>Recorded cases that the kit does not know</h2>\n<ul>\n");
      report.unknown().forEach(u -> html.append("<li>").append(escaped(u)).append("</li>\n"));
      html.append("</ul>\n");
    }
    return html.append("</html>\n").toString();
  }

  private static void table(StringBuilder html, Report report) {
    Set<String> engines = Matrix.engines(report);
    html.append("<table>\n<tr><th>passed");
    engines.forEach(engine -> html.append("<th>").append(escaped(engine)));
    html.append("</tr>\n");
    for (Map.Entry<String, Map<String, Matrix.Cell>> row : Matrix.cells(report).entrySet()) {
      html.append("<tr><td>").append(escaped(row.getKey()));
      for (String engine : engines) {
        Matrix.Cell cell = row.getValue().getOrDefault(engine, Matrix.Cell.EMPTY);
        String style = cell.failed() > 0 ? "failed" : cell.gaps() > 0 ? "gap" : "passed";
        html.append("<td class=\"").append(style).append("\">").append(cell);
      }
      html.append("</tr>\n");
    }
    html.append("</table>\n");
  }

  private static void details(
      StringBuilder html, String title, Report report, Finding.Status status) {
    if (report.count(status) == 0) {
      return;
    }
    html.append("<h2>").append(title).append("</h2>\n");
    for (Result result : report.results()) {
      if (result.status() == status) {
        html.append("<details open><summary>").append(escaped(result.engine()));
        html.append(": ").append(escaped(result.check())).append("</summary><pre>");
        html.append(escaped(result.text())).append("</pre></details>\n");
      }
    }
  }

  private static String escaped(String text) {
    return JUnitXml.escaped(text);
  }
}
