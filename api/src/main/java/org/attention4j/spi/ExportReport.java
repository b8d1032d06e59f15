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
 * @param leastCosine smallest cosine of any output that passes, in the place of the tolerance; 0 if
 *     the tolerance counts
 * @param comparisons one for each example, cached runs included
 * @param attention how much of each file's attention is in the form that was asked for, a line a
 *     file; empty for forms that say it themselves
 * @param cacheInPlace whether a model may return its cache in the very buffers that it took it in,
 *     which have more slots than are in use then; how many are, its attention mask says
 */
public record ExportReport(
    List<Path> files,
    String source,
    String target,
    double tolerance,
    double leastCosine,
    List<Comparison> comparisons,
    List<String> attention,
    boolean cacheInPlace) {

  /**
   * One example.
   *
   * @param shapes sizes of the inputs by name
   * @param cached whether it was run through the KV cache
   * @param differences largest absolute difference of each output; NaN if only one side is finite
   * @param closeness of rounded weights: {@code cosine.OUTPUT}; of a decoder also {@code
   *     perplexity.source} and {@code perplexity.file} of the example's tokens
   */
  public record Comparison(
      Map<String, List<Long>> shapes,
      boolean cached,
      Map<String, Double> differences,
      Map<String, Double> closeness) {
    public Comparison {
      shapes = Map.copyOf(shapes);
      differences = Map.copyOf(differences);
      closeness = Map.copyOf(closeness);
    }
  }

  public ExportReport {
    files = List.copyOf(files);
    comparisons = List.copyOf(comparisons);
    attention = List.copyOf(attention);
  }

  /** The same with its files at other places. */
  public ExportReport in(List<Path> places) {
    return new ExportReport(
        places, source, target, tolerance, leastCosine, comparisons, attention, cacheInPlace);
  }

  /** Largest difference of all; NaN if one is. */
  public double worst() {
    return comparisons.stream()
        .flatMap(c -> c.differences().values().stream())
        .mapToDouble(d -> d)
        .reduce(0, (a, b) -> Double.isNaN(a) || Double.isNaN(b) ? Double.NaN : Math.max(a, b));
  }

  /** Smallest cosine of all; NaN if one is, 1 if none was taken. */
  public double cosine() {
    return comparisons.stream()
        .flatMap(c -> c.closeness().entrySet().stream())
        .filter(measure -> measure.getKey().startsWith("cosine."))
        .mapToDouble(Map.Entry::getValue)
        .reduce(1, (a, b) -> Double.isNaN(a) || Double.isNaN(b) ? Double.NaN : Math.min(a, b));
  }

  /** Whether every difference is within the tolerance; for rounded weights, every cosine. */
  public boolean passed() {
    return leastCosine > 0 ? cosine() >= leastCosine : worst() <= tolerance;
  }
}
