package org.attention4j.models.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.attention4j.models.directory.ModelDirectory;
import org.attention4j.models.family.Gpt;
import org.attention4j.models.huggingface.Checkpoint;
import org.attention4j.models.huggingface.HuggingFace;
import org.attention4j.models.huggingface.PretrainedSession;
import org.attention4j.models.store.ModelFiles;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
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
 * From a directory to the first logits, once in a fresh process: GPT-2 of 124M with random weights.
 * The files are in the page cache. Prints what the process has used by then, too: time since the
 * start of the JVM, processor time, and memory while the session is open.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(3)
@Warmup(iterations = 0)
@Measurement(iterations = 1)
public class LoadingBenchmark {
  /** The engine's name. */
  @Param({"djl", "onnx"})
  public String engine = "djl";

  /** What the weights are on disk. */
  @Param({"f32", "bf16", "f16"})
  public String stored = "f32";

  private Path directory;
  private String used = "";

  /** For JMH; {@link #write} does the work. */
  @SuppressWarnings("NullAway.Init") // JMH calls write() before any benchmark
  public LoadingBenchmark() {}

  /** Writes the checkpoint, unless an earlier process has. */
  @Setup(Level.Trial)
  public void write() {
    directory = Path.of(System.getProperty("java.io.tmpdir"), "attention4j-loading-" + stored);
    Path file = directory.resolve(ModelFiles.WEIGHTS);
    if (!Files.exists(file)) {
      Gpt model = Gpt.gpt2(768, 12, 12);
      ModelDirectory.begin(directory, model, null);
      Weights weights = Parameters.init(Program.of(model), 1);
      weights.map((name, tensor) -> tensor.cast(DType.parse(stored))).save(file);
    }
  }

  /** Opens the checkpoint, starts a session, and runs four tokens. */
  @Benchmark
  public HostTensor load() throws IOException {
    Checkpoint checkpoint = HuggingFace.open(directory);
    try (PretrainedSession session = checkpoint.session(engine, List.of("input_ids"))) {
      HostTensor ids = HostTensor.of(new long[] {1, 2, 3, 4}, 1, 4);
      HostTensor logits = session.run(Map.of("input_ids", ids)).values().iterator().next();
      used = usage();
      return logits;
    }
  }

  /** What the process has used so far. */
  private static String usage() throws IOException {
    long started = ManagementFactory.getRuntimeMXBean().getStartTime();
    double wall = (System.currentTimeMillis() - started) / 1e3;
    StringBuilder text = new StringBuilder();
    text.append(String.format(Locale.ROOT, "%.2f s after the start of the JVM", wall));
    if (ManagementFactory.getOperatingSystemMXBean()
        instanceof com.sun.management.OperatingSystemMXBean system) {
      double seconds = system.getProcessCpuTime() / 1e9;
      text.append(String.format(Locale.ROOT, ", processor time %.2f s", seconds));
    }
    Path status = Path.of("/proc/self/status");
    if (Files.isReadable(status)) {
      for (String line : Files.readAllLines(status)) {
        if (line.startsWith("VmHWM") || line.startsWith("RssAnon") || line.startsWith("RssFile")) {
          text.append(", ").append(line.replaceAll("\\s+", " "));
        }
      }
    }
    return text.toString();
  }

  /** What the process, which has written the file only if it was the first, had used by then. */
  @TearDown(Level.Trial)
  public void tell() {
    System.out.println(used);
  }
}
