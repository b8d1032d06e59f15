package org.attention4j.conformance;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** Runs checks one by one and settles gaps. */
public final class Runner {
  private static final int TRACE_LINES = 14;

  private Runner() {}

  /** Runs one check; never throws for what the engine does. */
  public static Result run(Check check, Bench bench, Collection<KnownGap> gaps) {
    long start = System.nanoTime();
    Finding finding;
    try {
      finding = check.run(bench);
    } catch (RuntimeException | LinkageError | OutOfMemoryError | StackOverflowError e) {
      finding = Finding.failed(escaped(check, bench, e));
    }
    finding = settled(check, finding, gaps);
    return new Result(
        bench.engine().name(),
        check.suite(),
        check.name(),
        finding.status(),
        finding.text(),
        System.nanoTime() - start);
  }

  private static Finding settled(Check check, Finding finding, Collection<KnownGap> gaps) {
    Optional<KnownGap> gap = gaps.stream().filter(g -> g.covers(check)).findFirst();
    if (gap.isEmpty()) {
      return finding;
    }
    String declared = gap.get().reason() + " (" + gap.get().link() + ")";
    return switch (finding.status()) {
      case FAILED -> new Finding(Finding.Status.GAP, declared + "\n" + finding.text());
      case PASSED ->
          Finding.failed(
              check.name() + " passes, but is declared a known gap: " + declared + "; remove it");
      default -> finding;
    };
  }

  private static String escaped(Check check, Bench bench, Throwable e) {
    StringWriter trace = new StringWriter();
    e.printStackTrace(new PrintWriter(trace));
    List<String> lines = trace.toString().lines().limit(TRACE_LINES).toList();
    StringBuilder text = new StringBuilder(check.name());
    text.append(" engine=").append(bench.engine().name()).append(": threw\n");
    lines.forEach(line -> text.append("  ").append(line.strip()).append('\n'));
    return text.append("  reproduce: ").append(bench.reproduce(check.name())).toString();
  }
}
