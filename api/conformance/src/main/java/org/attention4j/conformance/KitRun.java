package org.attention4j.conformance;

import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.attention4j.spi.Engine;
import org.jspecify.annotations.Nullable;

/** One run of the kit from JUnit. */
final class KitRun {
  static final long SEED = 0x5EED1;

  private final Supplier<Engine> engine;
  private final Supplier<? extends Collection<KnownGap>> gaps;
  private final String testClass;
  private final Glob cases = new Glob(System.getProperty("case", "*"));
  private final long seed = Long.parseLong(System.getProperty("seed", "5eed1"), 16);
  private final List<Result> results = new CopyOnWriteArrayList<>();
  private @Nullable Bench bench;
  private @Nullable Catalogue catalogue;

  KitRun(
      Supplier<Engine> engine, Supplier<? extends Collection<KnownGap>> gaps, Class<?> testClass) {
    this.engine = engine;
    this.gaps = gaps;
    this.testClass = testClass.getSimpleName();
  }

  private synchronized Bench bench() {
    if (bench == null) {
      Engine made = engine.get();
      String command = "mvn test -Dtest=" + testClass + " -Dcase=CASE -Dseed=SEED";
      bench = new Bench(made, new Abilities(made), seed, command);
    }
    return bench;
  }

  private synchronized Catalogue catalogue() {
    if (catalogue == null) {
      catalogue =
          Conformance.catalogue(folder("attention4j.golden"), folder("attention4j.onnxNodeTests"));
    }
    return catalogue;
  }

  private static @Nullable Path folder(String property) {
    String folder = System.getProperty(property, "");
    return folder.isEmpty() ? null : Path.of(folder);
  }

  List<Check> checks(Suite suite) {
    return catalogue().checks().stream()
        .filter(check -> check.suite() == suite && cases.matches(check.name()))
        .toList();
  }

  Result run(Check check) {
    Result result = Runner.run(check, bench(), gaps.get());
    results.add(result);
    return result;
  }

  void finish() {
    if (results.isEmpty()) {
      return;
    }
    Report report = new Report(seed, results, catalogue().unknown());
    System.out.printf(
        Locale.ROOT,
        "conformance of %s, seed %x: %s%n",
        bench().engine().name(),
        seed,
        report.lastLine());
  }
}
