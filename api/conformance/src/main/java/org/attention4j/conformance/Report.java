package org.attention4j.conformance;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * All results of a run.
 *
 * @param seed of the random data
 * @param unknown recorded cases that the kit cannot map, listed and not ignored
 */
public record Report(long seed, List<Result> results, List<String> unknown) {
  public Report {
    results = List.copyOf(results);
    unknown = List.copyOf(unknown);
  }

  /** How many ended so. */
  public long count(Finding.Status status) {
    return results.stream().filter(r -> r.status() == status).count();
  }

  /** 0 if nothing failed, else 1. */
  public int exitStatus() {
    return count(Finding.Status.FAILED) == 0 ? 0 : 1;
  }

  /** The last line: passed, failed, gaps, skipped with reasons. */
  public String lastLine() {
    Map<String, Long> reasons =
        results.stream()
            .filter(r -> r.status() == Finding.Status.SKIPPED)
            .collect(
                Collectors.groupingBy(
                    r -> r.engine() + " " + r.text(), LinkedHashMap::new, Collectors.counting()));
    String skipped =
        reasons.entrySet().stream()
            .map(e -> e.getValue() + " " + e.getKey())
            .collect(Collectors.joining("; "));
    return count(Finding.Status.PASSED)
        + " passed, "
        + count(Finding.Status.FAILED)
        + " failed, "
        + count(Finding.Status.GAP)
        + " gaps, "
        + count(Finding.Status.SKIPPED)
        + " skipped"
        + (skipped.isEmpty() ? "" : " (" + skipped + ")");
  }
}
