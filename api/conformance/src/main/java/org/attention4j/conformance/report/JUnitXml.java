package org.attention4j.conformance.report;

import java.util.List;
import java.util.Locale;
import org.attention4j.conformance.Finding;
import org.attention4j.conformance.Report;
import org.attention4j.conformance.Result;

/** The report in the format that build servers read. */
public final class JUnitXml {
  private JUnitXml() {}

  /** The document. */
  public static String of(Report report) {
    StringBuilder xml = new StringBuilder("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    xml.append("<testsuites>\n");
    for (String engine : Matrix.engines(report)) {
      List<Result> results =
          report.results().stream().filter(r -> r.engine().equals(engine)).toList();
      long failures = count(results, Finding.Status.FAILED);
      long skipped = count(results, Finding.Status.SKIPPED) + count(results, Finding.Status.GAP);
      xml.append(
          String.format(
              Locale.ROOT,
              "<testsuite name=\"%s\" tests=\"%d\" failures=\"%d\" errors=\"0\" skipped=\"%d\">%n",
              escaped(engine),
              results.size(),
              failures,
              skipped));
      results.forEach(r -> xml.append(element(r)));
      xml.append("</testsuite>\n");
    }
    return xml.append("</testsuites>\n").toString();
  }

  private static long count(List<Result> results, Finding.Status status) {
    return results.stream().filter(r -> r.status() == status).count();
  }

  private static String element(Result result) {
    String open =
        String.format(
            Locale.ROOT,
            "<testcase classname=\"%s.%s\" name=\"%s\" time=\"%.3f\"",
            escaped(result.engine()),
            result.suite().label(),
            escaped(result.check()),
            result.nanoseconds() / 1e9);
    String text = escaped(result.text());
    return switch (result.status()) {
      case PASSED -> open + "/>\n";
      case FAILED -> open + "><failure>" + text + "</failure></testcase>\n";
      default -> open + "><skipped message=\"" + text + "\"/></testcase>\n";
    };
  }

  /** Text without what XML cannot hold. */
  static String escaped(String text) {
    StringBuilder result = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '&' -> result.append("&amp;");
                case '<' -> result.append("&lt;");
                case '>' -> result.append("&gt;");
                case '"' -> result.append("&quot;");
                default -> result.appendCodePoint(c < ' ' && c != '\n' && c != '\t' ? ' ' : c);
              }
            });
    return result.toString();
  }
}
