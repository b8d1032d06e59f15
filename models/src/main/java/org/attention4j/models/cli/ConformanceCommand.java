package org.attention4j.models.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.attention4j.conformance.Conformance;
import org.attention4j.conformance.Finding;
import org.attention4j.conformance.Report;
import org.attention4j.conformance.Result;
import org.attention4j.error.StorageException;
import org.attention4j.error.UsageException;
import org.attention4j.models.store.JsonFile;
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

  @Option(
      names = {"--engine", "--engines"},
      paramLabel = "NAME",
      split = ",",
      description = "Engines to check, separated by commas. Default: all that can run here.")
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
          "Folder of values recorded from PyTorch, instead of the small built-in one. Cases in it"
              + " that are not known are listed.")
  private @Nullable Path golden;

  @Option(
      names = "--onnx-node-tests",
      paramLabel = "DIR",
      description =
          "Folder of the ONNX project's node tests, instead of the small built-in one. Cases in it"
              + " that are not known are listed.")
  private @Nullable Path onnxNodeTests;

  @Option(
      names = "--reports",
      paramLabel = "DIR",
      description = "Write the results there, too: as a page, as JUnit XML and as a matrix.")
  private @Nullable Path reports;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0x5EED1",
      description = "Seed of the inputs. Default: ${DEFAULT-VALUE}.")
  private String seed = "0x5EED1";

  @Mixin private Common common = new Common();

  @Override
  public Integer call() {
    if (reports != null) {
      Writable.directory(reports);
    }
    Conformance.Options options =
        new Conformance.Options(
            names, cases, folder(golden), folder(onnxNodeTests), seed(), reports);
    Report report = Conformance.run(options, common::say);
    common.result(json(report));
    return report.exitStatus() == 0 ? Failures.DONE : Failures.CHECK_FAILED;
  }

  private static @Nullable Path folder(@Nullable Path path) {
    if (path != null && !Files.isDirectory(path)) {
      throw StorageException.noDirectory("folder", path);
    }
    return path;
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
