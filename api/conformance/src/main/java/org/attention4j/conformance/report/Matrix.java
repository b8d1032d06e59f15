package org.attention4j.conformance.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.attention4j.conformance.Finding;
import org.attention4j.conformance.Report;
import org.attention4j.conformance.Result;

/** Families of checks by engines: how many passed of how many ran. */
public final class Matrix {
  private Matrix() {}

  /** How the checks of one family ended on one engine. */
  record Cell(int passed, int failed, int gaps, int skipped) {
    static final Cell EMPTY = new Cell(0, 0, 0, 0);

    Cell plus(Finding.Status status) {
      return switch (status) {
        case PASSED -> new Cell(passed + 1, failed, gaps, skipped);
        case FAILED -> new Cell(passed, failed + 1, gaps, skipped);
        case GAP -> new Cell(passed, failed, gaps + 1, skipped);
        case SKIPPED -> new Cell(passed, failed, gaps, skipped + 1);
      };
    }

    @Override
    public String toString() {
      if (failed > 0) {
        return failed + " FAILED of " + (passed + failed);
      }
      String gap = gaps > 0 ? " +" + gaps + " gaps" : "";
      return passed + gaps == 0 ? "-" : passed + gap;
    }
  }

  static Set<String> engines(Report report) {
    Set<String> engines = new LinkedHashSet<>();
    report.results().forEach(r -> engines.add(r.engine()));
    return engines;
  }

  /** Family, such as {@code gradients attention}, to the cell of each engine. */
  static Map<String, Map<String, Cell>> cells(Report report) {
    Map<String, Map<String, Cell>> rows = new LinkedHashMap<>();
    for (Result result : report.results()) {
      Cell old =
          rows.computeIfAbsent(family(result), f -> new LinkedHashMap<>())
              .getOrDefault(result.engine(), Cell.EMPTY);
      rows.computeIfAbsent(family(result), f -> new LinkedHashMap<>())
          .put(result.engine(), old.plus(result.status()));
    }
    return rows;
  }

  private static String family(Result result) {
    List<String> parts = Arrays.asList(result.check().split("/", -1));
    String suite = result.suite().label();
    boolean repeated = parts.get(0).equals(suite);
    String name = repeated ? parts.size() > 2 ? parts.get(1) : "" : parts.get(0);
    return name.isEmpty() ? suite : suite + " " + name;
  }

  /** The matrix as text. */
  public static String of(Report report) {
    Set<String> engines = engines(report);
    List<List<String>> lines = new ArrayList<>();
    List<String> head = new ArrayList<>(List.of("passed"));
    head.addAll(engines);
    lines.add(head);
    cells(report)
        .forEach(
            (family, row) -> {
              List<String> line = new ArrayList<>(List.of(family));
              engines.forEach(e -> line.add(row.getOrDefault(e, Cell.EMPTY).toString()));
              lines.add(line);
            });
    return aligned(lines);
  }

  private static String aligned(List<List<String>> lines) {
    int columns = lines.get(0).size();
    int[] width = new int[columns];
    for (List<String> line : lines) {
      for (int i = 0; i < columns; i++) {
        width[i] = Math.max(width[i], line.get(i).length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (List<String> line : lines) {
      text.append(String.format(Locale.ROOT, "%-" + width[0] + "s", line.get(0)));
      for (int i = 1; i < columns; i++) {
        text.append(String.format(Locale.ROOT, "  %" + width[i] + "s", line.get(i)));
      }
      text.append('\n');
    }
    return text.toString();
  }
}
