package org.attention4j.spi;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What an {@link Exporter} wrote and how it compares.
 *
 * @param files written, the model first
 * @param source the engine compared with, and its version
 * @param target what ran the file, and its version
 * @param tolerance largest absolute difference that passes
 * @param comparisons one for each example, cached runs included
 */
public record ExportReport(
    List<Path> files,
    String source,
    String target,
    double tolerance,
    List<Comparison> comparisons) {

  /**
   * One example.
   *
   * @param shapes sizes of the inputs by name
   * @param cached whether it was run through the KV cache
   * @param differences largest absolute difference of each output; NaN if only one side is finite
   */
  public record Comparison(
      Map<String, List<Long>> shapes, boolean cached, Map<String, Double> differences) {
    public Comparison {
      shapes = Map.copyOf(shapes);
      differences = Map.copyOf(differences);
    }
  }

  public ExportReport {
    files = List.copyOf(files);
    comparisons = List.copyOf(comparisons);
  }

  /** Largest difference of all; NaN if one is. */
  public double worst() {
    return comparisons.stream()
        .flatMap(c -> c.differences().values().stream())
        .mapToDouble(d -> d)
        .reduce(0, (a, b) -> Double.isNaN(a) || Double.isNaN(b) ? Double.NaN : Math.max(a, b));
  }

  /** Whether every difference is within the tolerance. */
  public boolean passed() {
    return worst() <= tolerance;
  }
}
