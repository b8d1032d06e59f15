package org.attention4j.engine.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.attention4j.engine.onnx.lower.GraphLowering;
import org.attention4j.engine.onnx.lower.Lowering;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.onnxformat.OnnxFiles;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
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
 * A session against ONNX Runtime code written by hand for the same model: nanoGPT's CPU setting,
 * one thread, from an array of ids to an array of logits.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(5)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 3, time = 1)
public class SessionBenchmark {
  private static final TestModels.Gpt MODEL = new TestModels.Gpt(65, 64, 128, 4, 4);

  /** Batch and time. */
  @Param({"1x16", "12x64"})
  public String shape = "1x16";

  private int batch;
  private int time;
  private long[] ids;
  private Session session;
  private OrtEnvironment environment;
  private OrtSession peer;

  /** For JMH; {@link #open} does the work. */
  @SuppressWarnings("NullAway.Init") // JMH calls open() before any benchmark
  public SessionBenchmark() {}

  /** Opens the model twice. */
  @Setup(Level.Trial)
  public void open() throws IOException, OrtException {
    String[] sizes = shape.split("x", -1);
    batch = Integer.parseInt(sizes[0]);
    time = Integer.parseInt(sizes[1]);
    ids = new Random(1).longs((long) batch * time, 0, MODEL.vocabulary()).toArray();
    Program program = Program.of(MODEL);
    Weights weights = Parameters.init(program, 1);
    session = new OnnxEngine().open(program, weights, SessionOptions.defaults().withThreads(1));
    environment = OrtEnvironment.getEnvironment();
    Path file = Files.createTempFile("session-benchmark", ".onnx");
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      Graph graph =
          program.graph(TraceOptions.primitives().keeping(GraphLowering.claims(DType.F32)));
      OnnxFiles.writeModel(
          file, GraphLowering.lower(graph, weights, Lowering.in(DType.F32)), false);
      options.setIntraOpNumThreads(1);
      peer = environment.createSession(file.toString(), options);
    } finally {
      Files.delete(file);
    }
  }

  /** Through this library. */
  @Benchmark
  public float[] attention4j() {
    HostTensor input = HostTensor.of(ids, batch, time);
    return Compare.named(session.run(Map.of("input_ids", input)), "logits").toFloatArray();
  }

  /** As one would write it with ONNX Runtime alone. */
  @Benchmark
  public float[] handWritten() throws OrtException {
    LongBuffer buffer =
        ByteBuffer.allocateDirect(ids.length * Long.BYTES)
            .order(ByteOrder.nativeOrder())
            .asLongBuffer();
    buffer.put(ids).flip();
    try (OnnxTensor input = OnnxTensor.createTensor(environment, buffer, new long[] {batch, time});
        OrtSession.Result result = peer.run(Map.of("input_ids", input))) {
      FloatBuffer copy = ((OnnxTensor) result.get(0)).getFloatBuffer();
      float[] logits = new float[copy.remaining()];
      copy.get(logits);
      return logits;
    }
  }

  /** Frees native memory. */
  @TearDown(Level.Trial)
  public void close() throws OrtException {
    session.close();
    peer.close();
  }
}
