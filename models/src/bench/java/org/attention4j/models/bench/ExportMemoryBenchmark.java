package org.attention4j.models.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.attention4j.models.directory.ModelDirectory;
import org.attention4j.models.export.CheckpointExport;
import org.attention4j.models.family.Gpt;
import org.attention4j.models.store.ModelFiles;
import org.attention4j.spi.ExportReport;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.tensor.DType;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What an export needs with 512 MB of heap: GPT-2 of 124M with random weights, written, opened again
 * and compared, once in a fresh process. Prints the most memory the process held at any time, mapped
 * files included, and what was written.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(value = 1, jvmArgsAppend = "-Xmx512m")
@Warmup(iterations = 0)
@Measurement(iterations = 1)
public class ExportMemoryBenchmark {
  /** What the weights are in the file. */
  @Param({"f32", "f16", "int8", "int4"})
  public String precision = "f32";

  /** Whether they lie beside the model. */
  @Param({"false", "true"})
  public boolean externalData;

  /** The engine to compare with. */
  @Param({"djl"})
  public String source = "djl";

  private final Path directory =
      Path.of(System.getProperty("java.io.tmpdir"), "attention4j-loading-f32");
  private final Path exported =
      Path.of(System.getProperty("java.io.tmpdir"), "attention4j-exported");
  private String used = "";

  /** For JMH. */
  public ExportMemoryBenchmark() {}

  /** Writes the checkpoint, unless an earlier process has; run it twice, then. */
  @Setup
  public void write() {
    Path file = directory.resolve(ModelFiles.WEIGHTS);
    if (!Files.exists(file)) {
      Gpt model = Gpt.gpt2(768, 12, 12);
      ModelDirectory.begin(directory, model, null);
      Parameters.init(Program.of(model), 1).save(file);
    }
  }

  /** Exports it. */
  @Benchmark
  public ExportReport export() throws IOException {
    int bits = precision.equals("int8") ? 8 : precision.equals("int4") ? 4 : 0;
    boolean half = precision.equals("f16");
    ExportReport report =
        CheckpointExport.of(directory)
            .withCache(true)
            .withSource(source)
            .withPrecision(half ? DType.F16 : DType.F32, half ? 5e-2 : 1e-4)
            .withBits(bits)
            .withExternalData(externalData)
            .to(exported);
    used = usage();
    return report;
  }

  private String usage() throws IOException {
    long written = 0;
    for (Path file : files()) {
      written += Files.size(file);
    }
    String most = "not known here";
    Path status = Path.of("/proc/self/status");
    if (Files.isReadable(status)) {
      for (String line : Files.readAllLines(status)) {
        most = line.startsWith("VmHWM") ? line.replaceAll("\\s+", " ") : most;
      }
    }
    return "written " + written / 1_000_000 + " MB, most at any time: " + most;
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.walk(exported)) {
      return files.sorted(Comparator.reverseOrder()).filter(Files::isRegularFile).toList();
    }
  }

  /** Prints it, and takes the export away. */
  @TearDown
  public void tell() throws IOException {
    System.out.println(used);
    for (Path file : files()) {
      Files.delete(file);
    }
  }
}
