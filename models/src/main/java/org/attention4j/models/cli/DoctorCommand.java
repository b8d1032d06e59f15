package org.attention4j.models.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.attention4j.models.store.JsonFile;
import org.attention4j.spi.Availability;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Engines;
import org.attention4j.spi.Exporter;
import org.attention4j.spi.KernelProvider;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "doctor",
    sortOptions = false,
    description = {
      "Show what this machine offers, what is unavailable, and why.",
      "Java, processor, engines, kernels, native libraries and their versions. The exit code is 1 if"
          + " an engine, a kernel or an exporter cannot be loaded; one that says why it is unavailable"
          + " is no failure."
    })
final class DoctorCommand implements Callable<Integer> {
  private static final List<String> FEATURES =
      List.of(
          "sse4_2",
          "avx",
          "avx2",
          "fma",
          "f16c",
          "avx512f",
          "avx512bw",
          "avx512vl",
          "avx512_vnni",
          "avx512_bf16",
          "amx_bf16",
          "asimd",
          "asimddp",
          "bf16",
          "sve");

  @Mixin private Common common = new Common();

  @Override
  public Integer call() {
    ObjectNode json = JsonFile.object();
    machine(json.putObject("machine"));
    common.say("\nEngines");
    ArrayNode engines = json.putArray("engines");
    for (Engine engine : Engines.all()) {
      show(engine.name(), engine.version(), engine.availability(), engines);
    }
    common.say("\nKernels");
    ArrayNode kernels = json.putArray("kernels");
    for (KernelProvider kernel : Engines.kernels()) {
      show(kernel.name(), kernel.version(), kernel.availability(), kernels);
    }
    common.say("\nExporters");
    ArrayNode exporters = json.putArray("exporters");
    for (Exporter exporter : Engines.exporters()) {
      show(exporter.name(), exporter.version(), exporter.availability(), exporters);
    }
    List<String> broken = Engines.broken();
    ArrayNode defects = json.putArray("broken");
    broken.forEach(defects::add);
    if (!broken.isEmpty()) {
      common.say("\nBroken");
      broken.forEach(reason -> common.say("  " + reason));
    }
    common.result(json);
    return broken.isEmpty() ? Failures.DONE : Failures.CHECK_FAILED;
  }

  private void machine(ObjectNode json) {
    Runtime runtime = Runtime.getRuntime();
    common.say("Machine");
    fact(json, "java", Runtime.version() + ", " + property("java.vm.name"));
    fact(json, "home", property("java.home"));
    fact(
        json,
        "system",
        property("os.name") + " " + property("os.version") + ", " + property("os.arch"));
    fact(json, "processor", processor() + ", " + runtime.availableProcessors() + " available");
    fact(json, "features", features());
    fact(json, "heap", (runtime.maxMemory() >> 20) + " MiB at most");
    fact(json, "tokenizers", "Hugging Face tokenizers, through Deep Java Library");
    String cache = System.getenv("DJL_CACHE_DIR");
    fact(json, "cache of DJL", cache == null ? property("user.home") + "/.djl.ai" : cache);
  }

  private void fact(ObjectNode json, String name, String value) {
    json.put(name, value);
    common.say("  %-14s %s".formatted(name, value));
  }

  private static String property(String name) {
    return System.getProperty(name, "unknown");
  }

  private void show(String name, String version, Availability availability, ArrayNode rows) {
    ObjectNode row = rows.addObject();
    row.put("name", name).put("version", version).put("available", availability.available());
    common.say("  %-14s %s".formatted(name, version));
    if (availability.available()) {
      List<String> devices = availability.devices().stream().map(Object::toString).toList();
      row.set("devices", JsonFile.tree(devices));
      common.say("  %-14s runs on %s".formatted("", String.join(", ", devices)));
    } else {
      row.put("reason", availability.reason());
      common.say("  %-14s unavailable: %s".formatted("", availability.reason()));
    }
    row.set("details", JsonFile.tree(availability.details()));
    availability.details().forEach(detail -> common.say("  %-14s %s".formatted("", detail)));
  }

  private static List<String> processorLines(String key) {
    List<String> values = new ArrayList<>();
    try {
      for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
        int colon = line.indexOf(':');
        if (colon > 0 && line.substring(0, colon).trim().equals(key)) {
          values.add(line.substring(colon + 1).trim());
        }
      }
    } catch (IOException e) {
      // Not Linux: the instruction set that the kernels chose is among their details.
    }
    return values;
  }

  private static String processor() {
    List<String> names = processorLines("model name");
    return names.isEmpty() ? property("os.arch") : names.get(0);
  }

  private static String features() {
    List<String> lines = new ArrayList<>(processorLines("flags"));
    lines.addAll(processorLines("Features"));
    if (lines.isEmpty()) {
      return "unknown on this system";
    }
    Set<String> present = new HashSet<>(Arrays.asList(lines.get(0).split(" ", -1)));
    return String.join(" ", FEATURES.stream().filter(present::contains).toList());
  }
}
