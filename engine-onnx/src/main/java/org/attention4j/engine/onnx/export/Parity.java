package org.attention4j.engine.onnx.export;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.attention4j.json.JsonWriter;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Engines;
import org.attention4j.spi.ExportOptions;
import org.attention4j.spi.ExportReport;

/** The figures of an export's comparison, as they go to {@code parity.json}. */
record Parity(
    ExportOptions options,
    String target,
    List<ExportReport.Comparison> comparisons,
    List<String> attention,
    boolean cacheInPlace) {

  /** The source engine and its version. */
  String source() {
    Engine engine = Engines.get(options.source());
    return engine.name() + " (" + engine.version() + ")";
  }

  ExportReport report(List<Path> files) {
    return new ExportReport(
        files,
        source(),
        target,
        options.tolerance(),
        options.weights().leastCosine(),
        comparisons,
        attention,
        cacheInPlace);
  }

  String json() {
    ExportReport report = report(List.of());
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("source", source());
    root.put("target", target);
    root.put("precision", options.precision().label());
    root.put("weights", options.weights().label());
    if (!attention.isEmpty()) {
      root.put("attention", attention);
    }
    if (report.leastCosine() > 0) {
      root.put("rule", "the weights are rounded, so outputs differ; every cosine is at least");
      root.put("least_cosine", report.leastCosine());
      root.put("cosine", number(report.cosine()));
    } else {
      root.put("tolerance", options.tolerance());
    }
    root.put("worst", number(report.worst()));
    root.put("passed", report.passed());
    List<Object> entries = new ArrayList<>();
    for (ExportReport.Comparison comparison : comparisons) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("inputs", new TreeMap<>(comparison.shapes()));
      entry.put("cached", comparison.cached());
      Map<String, Object> differences = new TreeMap<>();
      comparison.differences().forEach((name, value) -> differences.put(name, number(value)));
      entry.put("largest_differences", differences);
      if (!comparison.closeness().isEmpty()) {
        Map<String, Object> closeness = new TreeMap<>();
        comparison.closeness().forEach((name, value) -> closeness.put(name, number(value)));
        entry.put("closeness", closeness);
      }
      entries.add(entry);
    }
    root.put("comparisons", entries);
    return JsonWriter.write(root) + "\n";
  }

  /** JSON has no NaN. */
  private static Object number(double value) {
    return Double.isFinite(value) ? (Object) value : Double.toString(value);
  }
}
