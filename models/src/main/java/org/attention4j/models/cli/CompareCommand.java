package org.attention4j.models.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.attention4j.error.UsageException;
import org.attention4j.models.directory.ModelDirectory;
import org.attention4j.models.run.Examples;
import org.attention4j.models.run.Parity;
import org.attention4j.models.run.Parity.Distance;
import org.attention4j.models.store.JsonFile;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Engines;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.HostTensor;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "compare",
    sortOptions = false,
    description = {
      "Compare engines on a model, layer by layer, with the reference engine in f64.",
      "The first layer that is outside the tolerance is named; then the exit code is 1."
    })
final class CompareCommand implements Callable<Integer> {
  @Mixin private AdaptedSource from = new AdaptedSource();

  @Option(
      names = {"--engine", "--engines"},
      paramLabel = "NAME",
      split = ",",
      description = "Engines to compare, separated by commas. Default: all that can run here.")
  private List<String> names = new ArrayList<>();

  @Option(
      names = "--tolerance",
      paramLabel = "E",
      defaultValue = "1e-4",
      description =
          "Largest difference that passes; for values above 1 it is relative to the largest one."
              + " Default: ${DEFAULT-VALUE}.")
  private double tolerance;

  @Mixin private PlaceOptions place = new PlaceOptions();

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Seed of the inputs. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Mixin private Common common = new Common();

  @Override
  public Integer call() {
    if (!(tolerance > 0)) {
      throw new UsageException("the tolerance is positive, not " + tolerance);
    }
    SessionOptions options = place.session();
    List<Engine> engines =
        (names.isEmpty() ? Engines.names() : names).stream().map(Engines::get).toList();
    ModelDirectory directory = from.open();
    Parity parity = new Parity(directory.program(), directory.weights());
    List<Map<String, HostTensor>> examples = Examples.several(directory.model(), seed);
    common.progress("Running the reference engine in f64 on " + examples.size() + " inputs.");
    List<Map<String, HostTensor>> truth = parity.truth(examples, true);
    ArrayNode rows = JsonFile.object().putArray("engines");
    boolean passed = true;
    for (Engine engine : engines) {
      common.progress("Running " + engine.name() + ".");
      List<Distance> distances =
          Parity.distances(truth, parity.outputs(engine, options, examples, true));
      passed &= report(engine, distances, rows.addObject());
    }
    ObjectNode json = JsonFile.object();
    json.put("directory", from.toString()).put("tolerance", tolerance).put("passed", passed);
    json.set("engines", rows);
    common.result(json);
    common.say(passed ? "All agree." : "Outside the tolerance of " + tolerance + ".");
    return passed ? Failures.DONE : Failures.CHECK_FAILED;
  }

  private boolean report(Engine engine, List<Distance> distances, ObjectNode json) {
    json.put("engine", engine.name()).put("version", engine.version());
    ArrayNode layers = json.putArray("values");
    Distance first = null;
    common.say("\n" + engine.name() + " (" + engine.version() + ")");
    common.say("  %-40s %12s %12s".formatted("value", "difference", "magnitude"));
    for (Distance d : distances) {
      boolean within = d.within(tolerance);
      first = first == null && !within ? d : first;
      common.say(
          String.format(
              Locale.ROOT,
              "  %-40s %12.2e %12.2e%s",
              d.name(),
              d.difference(),
              d.magnitude(),
              within ? "" : "  outside"));
      layers
          .addObject()
          .put("name", d.name())
          .put("difference", d.difference())
          .put("magnitude", d.magnitude())
          .put("passed", within);
    }
    json.put("passed", first == null);
    if (first != null) {
      json.put("first_outside", first.name());
      common.say(
          String.format(
              Locale.ROOT,
              "  The first value outside is %s: at %s expected %.8g, got %.8g.",
              first.name(),
              first.worst(),
              first.expected(),
              first.got()));
    }
    return first == null;
  }
}
