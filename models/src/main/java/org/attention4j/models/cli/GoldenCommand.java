package org.attention4j.models.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.attention4j.error.StorageException;
import org.attention4j.error.UsageException;
import org.attention4j.models.golden.GoldenReplay;
import org.attention4j.models.golden.GoldenRow;
import org.attention4j.models.golden.GoldenRow.Status;
import org.attention4j.models.store.JsonFile;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Engines;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "golden",
    sortOptions = false,
    description = {
      "Replay cases recorded from Hugging Face's transformers and compare everything in them.",
      "That is outputs, hidden states, attentions, padded runs, greedy tokens, losses, gradients"
          + " and AdamW steps. Skipped checks are listed with their reason. The exit code is 1 if one failed."
    })
final class GoldenCommand implements Callable<Integer> {
  @Option(
      names = "--dir",
      paramLabel = "DIR",
      required = true,
      description = "A case (config.json, model.safetensors, io.safetensors), or a folder of them.")
  @SuppressWarnings("NullAway.Init") // set by picocli
  private Path directory;

  @Option(
      names = {"--engine", "--engines"},
      paramLabel = "NAME",
      split = ",",
      description = "Engines to check, separated by commas. Default: all that can run here.")
  private List<String> names = new ArrayList<>();

  @Mixin private Common common = new Common();

  @Override
  public Integer call() {
    if (!Files.isDirectory(directory)) {
      throw StorageException.noDirectory("folder", directory);
    }
    if (!GoldenReplay.hasCases(directory)) {
      throw new UsageException(
          directory + " holds no case: no config.json and io.safetensors, neither in it nor below");
    }
    List<Engine> engines =
        (names.isEmpty() ? Engines.names() : names).stream().map(Engines::get).toList();
    List<GoldenRow> rows = new ArrayList<>();
    for (Engine engine : engines) {
      rows.addAll(GoldenReplay.run(directory, engine, row -> common.say(line(row))));
    }
    common.say(
        count(rows, Status.PASSED)
            + " passed, "
            + count(rows, Status.FAILED)
            + " failed, "
            + count(rows, Status.SKIPPED)
            + " skipped");
    common.result(json(rows));
    return count(rows, Status.FAILED) == 0 ? Failures.DONE : Failures.CHECK_FAILED;
  }

  private static long count(List<GoldenRow> rows, Status status) {
    return rows.stream().filter(row -> row.status() == status).count();
  }

  private static String line(GoldenRow row) {
    return String.format(
            Locale.ROOT,
            "%-7s %-18s %-10s %-50s %s  %s",
            row.status().name().toLowerCase(Locale.ROOT),
            row.name(),
            row.engine(),
            row.check(),
            Double.isNaN(row.allowed())
                ? ""
                : String.format(Locale.ROOT, "%9.2e of %9.2e", row.difference(), row.allowed()),
            row.text())
        .stripTrailing();
  }

  private static ObjectNode json(List<GoldenRow> rows) {
    ObjectNode json = JsonFile.object();
    for (Status status : Status.values()) {
      json.put(status.name().toLowerCase(Locale.ROOT), count(rows, status));
    }
    ArrayNode list = json.putArray("rows");
    for (GoldenRow row : rows) {
      ObjectNode entry =
          list.addObject()
              .put("case", row.name())
              .put("engine", row.engine())
              .put("check", row.check())
              .put("status", row.status().name().toLowerCase(Locale.ROOT))
              .put("text", row.text());
      if (!Double.isNaN(row.allowed())) {
        entry.put("difference", row.difference()).put("allowed", row.allowed());
      }
    }
    return json;
  }
}
