package org.attention4j.conformance.behaviour;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.attention4j.conformance.Bench;
import org.attention4j.conformance.Check;
import org.attention4j.conformance.Suite;
import org.attention4j.conformance.cases.TinyModels;
import org.attention4j.error.StorageException;
import org.attention4j.nn.Model;
import org.attention4j.spi.Engines;
import org.attention4j.spi.ExportOptions;
import org.attention4j.spi.ExportReport;
import org.attention4j.spi.Exporter;
import org.attention4j.spi.Mode;
import org.attention4j.spi.Program;
import org.attention4j.tensor.HostTensor;

/** Models exported by every exporter on the path, compared with the engine under test. */
public final class ExportChecks {
  private ExportChecks() {}

  /** All of them. */
  public static List<Check> all() {
    List<Check> checks = new ArrayList<>();
    Map<String, Model> models = new LinkedHashMap<>(TinyModels.decoders());
    models.putAll(TinyModels.encoderDecoders());
    models.forEach(
        (name, model) -> {
          checks.add(check(name, model, false));
          if (!name.equals("bert")) {
            checks.add(check(name, model, true));
          }
        });
    return checks;
  }

  private static Check check(String name, Model model, boolean cache) {
    return new Behaviour(
        "export/" + name + (cache ? "-with-cache" : ""),
        Suite.EXPORT,
        Mode.INFERENCE,
        bench -> exported(bench, model, cache));
  }

  private static String exported(Bench bench, Model model, boolean cache) {
    String engine = bench.engine().name();
    if (!Engines.names().contains(engine)) {
      throw new Behaviour.Skip("exporters find engines by service, and this one is not registered");
    }
    List<Exporter> exporters =
        Engines.exporters().stream().filter(e -> e.availability().available()).toList();
    if (exporters.isEmpty()) {
      throw new Behaviour.Skip("there is no exporter on the path");
    }
    Program program = Program.of(model);
    ExportOptions options =
        ExportOptions.of(engine, examples(program, bench.seed())).withCache(cache);
    for (Exporter exporter : exporters) {
      Path folder = temporary();
      try {
        ExportReport report =
            exporter.export(program, Fixture.weights(program, bench.seed()), folder, options);
        if (!report.passed()) {
          return exporter.name() + ": differs by " + report.worst() + ": " + report;
        }
        for (Path file : report.files()) {
          if (!Files.exists(file)) {
            return exporter.name() + " reports " + file + ", which is not there";
          }
        }
      } finally {
        delete(folder);
      }
    }
    return "";
  }

  private static List<Map<String, HostTensor>> examples(Program program, long seed) {
    List<Map<String, HostTensor>> examples = new ArrayList<>();
    for (long[] size : new long[][] {{1, 1, 2}, {2, 7, 3}, {3, 4, 5}}) {
      Random random = new Random(seed);
      Map<String, HostTensor> example = new LinkedHashMap<>();
      for (String input : program.inputs().keySet()) {
        boolean target = input.startsWith("decoder");
        example.put(input, Fixture.ids(random, size[0], target ? size[2] : size[1]));
      }
      examples.add(example);
    }
    return examples;
  }

  private static Path temporary() {
    try {
      return Files.createTempDirectory("attention4j-export");
    } catch (IOException e) {
      throw new StorageException("cannot make a temporary folder: " + e, e);
    }
  }

  private static void delete(Path folder) {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw StorageException.of("cannot delete " + folder, e);
    }
  }
}
