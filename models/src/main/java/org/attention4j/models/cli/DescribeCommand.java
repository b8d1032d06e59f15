package org.attention4j.models.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.attention4j.error.UsageException;
import org.attention4j.graph.Graph;
import org.attention4j.graph.Summary;
import org.attention4j.graph.TraceOptions;
import org.attention4j.models.directory.ModelDirectory;
import org.attention4j.models.family.Family;
import org.attention4j.models.family.KnownModels;
import org.attention4j.models.store.JsonFile;
import org.attention4j.spi.Program;
import org.attention4j.tensor.DType;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "describe",
    sortOptions = false,
    description = {
      "Show the parameters, operations and bytes of a model, layer by layer.",
      "Without --from or --model: a table of published models."
    })
final class DescribeCommand implements Callable<Integer> {
  @Option(names = "--from", paramLabel = "DIR", description = "Directory of a model.")
  private @Nullable Path from;

  @Option(
      names = "--model",
      paramLabel = "NAME",
      description = "A published model, such as gpt2 or gpt2-xl.")
  private @Nullable String name;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "1",
      description = "Sequences, for the operations. Default: ${DEFAULT-VALUE}.")
  private long batch;

  @Option(
      names = "--time",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Tokens in a sequence, for the operations; 0 for the context. Default: ${DEFAULT-VALUE}.")
  private long time;

  @Option(
      names = "--depth",
      paramLabel = "N",
      defaultValue = "4",
      description = "Levels of blocks to show. Default: ${DEFAULT-VALUE}.")
  private int depth;

  @Option(
      names = "--precision",
      paramLabel = "TYPE",
      defaultValue = "f32",
      description =
          "Floating type of the parameters, for the bytes: f32, bf16, f16 or f64. Default:"
              + " ${DEFAULT-VALUE}.")
  private String precision = "f32";

  @Mixin private Common common = new Common();

  @Override
  public Integer call() {
    if (from != null && name != null) {
      throw new UsageException("give --from or --model, not both");
    }
    if (batch < 1 || time < 0 || depth < 0) {
      throw new UsageException("batch is at least 1, time and depth are 0 or more");
    }
    DType type = PlaceOptions.precision(precision);
    if (from != null) {
      one(from.toString(), ModelDirectory.model(from), type);
    } else if (name != null) {
      one(name, KnownModels.get(name), type);
    } else {
      table(type);
    }
    return Failures.DONE;
  }

  private static Summary summary(Family model, long batch, long time, DType type) {
    Graph graph = Program.of(model).graph(TraceOptions.primitives());
    Map<String, Long> sizes = new HashMap<>();
    sizes.put("batch", batch);
    sizes.put("time", time);
    sizes.put("source_time", time);
    return Summary.of(graph, sizes, type);
  }

  private void one(String title, Family model, DType type) {
    long length = time == 0 ? model.context() : time;
    if (length > model.context()) {
      throw new UsageException(length + " tokens are more than the context of " + model.context());
    }
    Summary summary = summary(model, batch, length, type);
    Summary.Row total = summary.total();
    common.say(
        String.format(
            Locale.ROOT,
            "%s: %s%n%,d parameters, %,.1f MB in %s; one run of %d x %d tokens: %.4g operations,"
                + " of which %.4g in matrix products%n",
            title,
            model,
            total.parameters(),
            total.bytes() / 1e6,
            type.label(),
            batch,
            length,
            (double) total.flops(),
            (double) total.productFlops()));
    common.say(summary.table(depth));
    ObjectNode json = JsonFile.object();
    json.put("model", title).put("batch", batch).put("time", length);
    add(json, total);
    ArrayNode rows = json.putArray("blocks");
    for (Summary.Row row : summary.rows(depth)) {
      add(rows.addObject().put("path", row.path()), row);
    }
    common.result(json);
  }

  private static void add(ObjectNode json, Summary.Row row) {
    json.put("parameters", row.parameters())
        .put("bytes", row.bytes())
        .put("flops", row.flops())
        .put("matrix_product_flops", row.productFlops());
  }

  private void table(DType type) {
    common.say(
        "%-18s %17s %12s %8s %7s %18s"
            .formatted(
                "model", "parameters", "MB " + type.label(), "width", "layers", "GFLOP per token"));
    ArrayNode rows = JsonFile.object().putArray("models");
    for (Map.Entry<String, Family> entry : KnownModels.all().entrySet()) {
      Family model = entry.getValue();
      Summary.Row one = summary(model, 1, 1, type).total();
      ObjectNode config = model.config().json();
      int width = first(config, "n_embd", "hidden_size", "d_model");
      int layers = first(config, "n_layer", "num_hidden_layers", "num_layers");
      common.say(
          String.format(
              Locale.ROOT,
              "%-18s %,17d %,12.1f %8d %7d %18.3f",
              entry.getKey(),
              one.parameters(),
              one.bytes() / 1e6,
              width,
              layers,
              one.flops() / 1e9));
      add(rows.addObject().put("model", entry.getKey()).put("width", width), one);
    }
    ObjectNode json = JsonFile.object();
    json.set("models", rows);
    common.result(json);
  }

  private static int first(ObjectNode config, String... names) {
    for (String candidate : names) {
      if (config.has(candidate)) {
        return config.path(candidate).asInt();
      }
    }
    return 0;
  }
}
