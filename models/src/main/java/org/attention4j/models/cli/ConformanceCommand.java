package org.attention4j.models.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.attention4j.conformance.Bench;
import org.attention4j.conformance.Catalogue;
import org.attention4j.conformance.Check;
import org.attention4j.conformance.Finding;
import org.attention4j.conformance.Glob;
import org.attention4j.conformance.Report;
import org.attention4j.conformance.Result;
import org.attention4j.conformance.Runner;
import org.attention4j.conformance.golden.GoldenFolder;
import org.attention4j.error.StorageException;
import org.attention4j.error.UsageException;
import org.attention4j.models.store.JsonFile;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Engines;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "conformance",
    sortOptions = false,
    description = {
      "Hold engines to the reference engine in float64: values, gradients, recorded values.",
      "Failures say where and how far. The last line counts passed, failed, gaps and skipped; the"
          + " exit code is 1 if one failed."
    })
final class ConformanceCommand implements Callable<Integer> {
  private static final long SEED = 0x5EED1;

  @Option(
      names = "--engine",
      paramLabel = "NAME",
      description = "Engine to check. May be repeated. Default: all that can run here.")
  private List<String> names = new ArrayList<>();

  @Option(
      names = "--case",
      paramLabel = "GLOB",
      defaultValue = "*",
      description = "Cases to run, such as 'attention/*'. Default: all.")
  private String cases = "*";

  @Option(
      names = "--golden",
      paramLabel = "DIR",
      description =
          "Folder of values recorded from PyTorch; cases in it that are not known are listed.")
  private @Nullable Path golden;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0x5EED1",
      description = "Seed of the inputs. Default: ${DEFAULT-VALUE}.")
  private String seed = "0x" + Long.toHexString(SEED);

  @Mixin private Common common = new Common();

  @Override
  public Integer call() {
    List<Engine> engines =
        (names.isEmpty() ? Engines.names() : names).stream().map(Engines::get).toList();
    Catalogue catalogue = catalogue();
    Glob glob = new Glob(cases);
    List<Check> checks =
        catalogue.checks().stream().filter(check -> glob.matches(check.name())).toList();
    if (checks.isEmpty()) {
      throw new UsageException("no case fits '" + cases + "'; try '*'");
    }
    long number = seed();
    List<Result> results = new ArrayList<>();
    for (Engine engine : engines) {
      Bench bench = Bench.of(engine, number);
      long before = System.nanoTime();
      for (Check check : checks) {
        Result result = Runner.run(check, bench, List.of());
        results.add(result);
        if (result.status() == Finding.Status.FAILED) {
          common.say(result.text());
        }
      }
      common.progress(
          String.format(
              Locale.ROOT,
              "%s: %d cases in %.0f s",
              engine.name(),
              checks.size(),
              (System.nanoTime() - before) / 1e9));
    }
    Report report = new Report(number, results, catalogue.unknown());
    catalogue.unknown().forEach(name -> common.say("not known: " + name));
    common.result(json(report));
    common.say(report.lastLine());
    return report.exitStatus() == 0 ? Failures.DONE : Failures.CHECK_FAILED;
  }

  private Catalogue catalogue() {
    Path folder = golden;
    if (folder == null) {
      return Catalogue.standard();
    }
    if (!Files.isDirectory(folder)) {
      throw new StorageException("there is no folder " + folder);
    }
    return Catalogue.standard().and(GoldenFolder.read(folder));
  }

  private long seed() {
    try {
      return Long.decode(seed);
    } catch (NumberFormatException e) {
      throw new UsageException("the seed is a whole number such as 7 or 0x5EED1, not " + seed, e);
    }
  }

  private static ObjectNode json(Report report) {
    ObjectNode json = JsonFile.object();
    for (Finding.Status status : Finding.Status.values()) {
      json.put(status.name().toLowerCase(Locale.ROOT), report.count(status));
    }
    json.set("unknown", JsonFile.tree(report.unknown()));
    ArrayNode rows = json.putArray("results");
    for (Result result : report.results()) {
      rows.addObject()
          .put("engine", result.engine())
          .put("case", result.check())
          .put("suite", result.suite().label())
          .put("status", result.status().name().toLowerCase(Locale.ROOT))
          .put("text", result.text());
    }
    return json;
  }
}
