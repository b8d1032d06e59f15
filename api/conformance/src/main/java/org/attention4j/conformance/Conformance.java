package org.attention4j.conformance;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.attention4j.conformance.golden.GoldenFolder;
import org.attention4j.conformance.onnx.NodeTests;
import org.attention4j.conformance.report.HtmlPage;
import org.attention4j.conformance.report.JUnitXml;
import org.attention4j.conformance.report.Matrix;
import org.attention4j.error.Count;
import org.attention4j.error.StorageException;
import org.attention4j.error.UsageException;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Engines;
import org.attention4j.weights.AtomicFile;
import org.jspecify.annotations.Nullable;

/** Runs the kit on registered engines: what the command line's {@code conformance} does. */
public final class Conformance {

  /**
   * What to run.
   *
   * @param engines names; empty for all that can run here
   * @param cases glob of checks
   * @param golden folder of recorded PyTorch values, null for the small copies that are built in
   * @param onnxNodeTests folder of ONNX node tests, null for the built-in ones
   * @param seed of random data
   * @param reports where {@code conformance.html}, {@code conformance.xml} and {@code
   *     conformance.txt} are written, null for none
   */
  public record Options(
      List<String> engines,
      String cases,
      @Nullable Path golden,
      @Nullable Path onnxNodeTests,
      long seed,
      @Nullable Path reports) {
    /** The seed that is used unless another is asked for. */
    public static final long SEED = 0x5EED1;

    public Options {
      engines = List.copyOf(engines);
    }

    /** Every engine that can run here, every check, nothing written. */
    public static Options all() {
      return new Options(List.of(), "*", null, null, SEED, null);
    }
  }

  private Conformance() {}

  /** The checks of the options' folders and of the catalogue. */
  static Catalogue catalogue(@Nullable Path golden, @Nullable Path onnxNodeTests) {
    return Catalogue.standard()
        .and(golden == null ? BuiltIn.golden() : GoldenFolder.read(golden))
        .and(onnxNodeTests == null ? BuiltIn.nodeTests() : NodeTests.read(onnxNodeTests));
  }

  /**
   * Runs the checks, one engine after the other.
   *
   * @param out receives lines: failures as they come, then the matrix, then the last line
   * @throws org.attention4j.error.EngineException if an engine that is named cannot run
   * @throws UsageException if no check has such a name
   */
  public static Report run(Options options, Consumer<String> out) {
    List<Engine> engines = new ArrayList<>();
    List<String> names = options.engines().isEmpty() ? Engines.names() : options.engines();
    names.forEach(name -> engines.add(Engines.get(name)));
    Catalogue catalogue = catalogue(options.golden(), options.onnxNodeTests());
    Glob glob = new Glob(options.cases());
    List<Check> checks = catalogue.checks().stream().filter(c -> glob.matches(c.name())).toList();
    if (checks.isEmpty()) {
      throw new UsageException("no check is named '" + options.cases() + "'");
    }
    out.accept(
        String.format(
            Locale.ROOT, "seed %x, %s", options.seed(), Count.of(checks.size(), "check")));
    List<Result> results = new ArrayList<>();
    for (Engine engine : engines) {
      Bench bench = Bench.of(engine, options.seed());
      out.accept(engine.name() + " " + engine.version());
      for (Check check : checks) {
        Result result = Runner.run(check, bench, List.of());
        results.add(result);
        if (result.status() == Finding.Status.FAILED) {
          out.accept(result.text());
        }
      }
    }
    Report report = new Report(options.seed(), results, catalogue.unknown());
    finish(report, options.reports(), out);
    return report;
  }

  private static void write(Path file, String text) {
    try {
      Files.createDirectories(file.toAbsolutePath().resolveSibling("."));
    } catch (IOException e) {
      throw StorageException.of("cannot make the folder of " + file, e);
    }
    AtomicFile.write(
        file, out -> out.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8))));
  }

  private static void finish(Report report, @Nullable Path folder, Consumer<String> out) {
    String matrix = Matrix.of(report);
    if (folder != null) {
      write(folder.resolve("conformance.txt"), matrix + report.lastLine() + "\n");
      write(folder.resolve("conformance.html"), HtmlPage.of(report));
      write(folder.resolve("conformance.xml"), JUnitXml.of(report));
    }
    matrix.lines().forEach(out);
    report.unknown().forEach(name -> out.accept("unknown: " + name));
    out.accept(report.lastLine());
  }
}
