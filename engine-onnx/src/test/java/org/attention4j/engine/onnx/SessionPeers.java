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
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
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
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;

/**
 * Benchmark: a session against ONNX Runtime code written by hand for the same file, in turn, and
 * the time to trace and export a GPT of 124M parameters. Arguments: warm-up rounds, measured
 * rounds.
 */
final class SessionPeers {
  private SessionPeers() {}

  public static void main(String[] arguments) throws IOException, OrtException {
    int warmUp = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 50;
    int rounds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 400;
    Path folder = Files.createTempDirectory("session-peers");
    Path file = folder.resolve("model.onnx");
    try {
      TestModels.Gpt nano = new TestModels.Gpt(65, 64, 128, 4, 4);
      run("nanoGPT, batch 1, time 16", file, nano, 1, 16, warmUp, rounds);
      run("nanoGPT, batch 12, time 64", file, nano, 12, 64, warmUp, rounds);
      export(file);
    } finally {
      Files.deleteIfExists(file);
      Files.deleteIfExists(folder);
    }
  }

  private static void run(
      String name, Path file, TestModels.Gpt model, int batch, int time, int warmUp, int rounds)
      throws IOException, OrtException {
    Program program = Program.of(model);
    Weights weights = Parameters.init(program, 1);
    write(program, weights, file);
    HostTensor ids = Compare.random(TensorType.i64(batch, time), model.vocabulary(), new Random(1));
    SessionOptions options = SessionOptions.defaults().withThreads(1);
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    long[] ours = new long[rounds];
    long[] byHand = new long[rounds];
    try (Session session = new OnnxEngine().open(program, weights, options);
        OrtSession.SessionOptions settings = new OrtSession.SessionOptions()) {
      settings.setIntraOpNumThreads(1);
      try (OrtSession peer = environment.createSession(file.toString(), settings)) {
        long[] values = ids.toLongArray();
        double sum = 0;
        for (int i = -warmUp; i < rounds; i++) {
          long start = System.nanoTime();
          sum += session(session, batch, time, values);
          long middle = System.nanoTime();
          sum += byHand(environment, peer, batch, time, values);
          long end = System.nanoTime();
          if (i >= 0) {
            ours[i] = middle - start;
            byHand[i] = end - middle;
          }
        }
        report(name, ours, byHand, sum);
      }
    }
  }

  /** From an array of ids to an array of logits. */
  private static double session(Session session, int batch, int time, long[] values) {
    HostTensor ids = HostTensor.of(values, batch, time);
    float[] logits = Compare.named(session.run(Map.of("input_ids", ids)), "logits").toFloatArray();
    return logits[logits.length - 1];
  }

  /** The same by hand. */
  private static double byHand(
      OrtEnvironment environment, OrtSession session, int batch, int time, long[] values)
      throws OrtException {
    LongBuffer buffer =
        ByteBuffer.allocateDirect(values.length * Long.BYTES)
            .order(ByteOrder.nativeOrder())
            .asLongBuffer();
    buffer.put(values).flip();
    try (OnnxTensor ids = OnnxTensor.createTensor(environment, buffer, new long[] {batch, time});
        OrtSession.Result result = session.run(Map.of("input_ids", ids))) {
      FloatBuffer copy = ((OnnxTensor) result.get(0)).getFloatBuffer();
      float[] logits = new float[copy.remaining()];
      copy.get(logits);
      return logits[logits.length - 1];
    }
  }

  private static void report(String name, long[] ours, long[] byHand, double sum) {
    Arrays.sort(ours);
    Arrays.sort(byHand);
    double a = ours[ours.length / 2] / 1e3;
    double b = byHand[byHand.length / 2] / 1e3;
    System.out.printf(
        Locale.ROOT,
        "%-28s session %.1f us, by hand %.1f us (medians of %d in turn): %+.2f %%  [%s]%n",
        name,
        a,
        b,
        ours.length,
        100 * (a / b - 1),
        Double.isFinite(sum) ? "finite" : "not finite");
  }

  private static void write(Program program, Weights weights, Path file) throws IOException {
    Graph graph = program.graph(TraceOptions.primitives().keeping(GraphLowering.claims(DType.F32)));
    OnnxFiles.writeModel(file, GraphLowering.lower(graph, weights, Lowering.in(DType.F32)), false);
  }

  /** Random weights, made before the clock starts. */
  private static void export(Path file) throws IOException {
    Program program = Program.of(new TestModels.Gpt(50257, 1024, 768, 12, 12));
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
    Weights weights = Weights.of(tensors);
    long start = System.nanoTime();
    write(program, weights, file);
    System.out.printf(
        Locale.ROOT,
        "trace and export of %,d parameters: %.2f s, %d MB%n",
        weights.parameterCount(),
        (System.nanoTime() - start) / 1e9,
        Files.size(file) >> 20);
  }
}
