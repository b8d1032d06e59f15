package org.attention4j.engine.onnx;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.attention4j.engine.onnx.lower.GraphLowering;
import org.attention4j.engine.onnx.lower.Lowering;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.onnxformat.OnnxFiles;
import org.attention4j.spi.Program;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Trace and export of a GPT-2 of 124M random parameters, in a cold JVM. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(3)
public class ExportBenchmark {
  private Program program;
  private Weights weights;
  private Path file;

  /** For JMH; {@link #open} does the work. */
  @SuppressWarnings("NullAway.Init") // JMH calls open() before any benchmark
  public ExportBenchmark() {}

  /** Makes the weights, before the clock starts. */
  @Setup(Level.Trial)
  public void open() throws IOException {
    program = Program.of(new TestModels.Gpt(50257, 1024, 768, 12, 12));
    Map<String, HostTensor> tensors = new LinkedHashMap<>();
    Random random = new Random(1);
    program
        .graph(TraceOptions.primitives())
        .parameterTypes()
        .forEach(
            (path, type) -> {
              HostTensor tensor = HostTensor.zeros(DType.F32, type.shape());
              FloatBuffer values = tensor.buffer().asFloatBuffer();
              while (values.hasRemaining()) {
                values.put(random.nextFloat() - 0.5f);
              }
              tensors.put(path, tensor);
            });
    weights = Weights.of(tensors);
    file = Files.createTempFile("export-benchmark", ".onnx");
  }

  /** The graph is traced anew, then written. */
  @Benchmark
  public void traceAndWrite() throws IOException {
    Graph graph = program.graph(TraceOptions.primitives().keeping(GraphLowering.claims(DType.F32)));
    OnnxFiles.writeModel(file, GraphLowering.lower(graph, weights, Lowering.in(DType.F32)), false);
  }

  /** Deletes the file. */
  @TearDown(Level.Trial)
  public void close() throws IOException {
    Files.delete(file);
  }
}
