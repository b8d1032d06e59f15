package org.attention4j.engine.onnx;

import ai.onnxruntime.OrtException;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.attention4j.engine.onnx.export.OnnxExporter;
import org.attention4j.engine.onnx.lower.GraphLowering;
import org.attention4j.engine.onnx.lower.Lowering;
import org.attention4j.engine.onnx.session.FileSession;
import org.attention4j.engine.onnx.session.OrtSettings;
import org.attention4j.graph.CacheMode;
import org.attention4j.graph.TraceOptions;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.onnxformat.OnnxFiles;
import org.attention4j.spi.AttentionForm;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.KernelChoice;
import org.attention4j.spi.KernelOperators;
import org.attention4j.spi.Program;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Device;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;

/**
 * Benchmark: one file in ONNX Runtime with the attention kernel and without it, in turn: a GPT of
 * 124M parameters (random weights) as a whole, filling its cache and decoding, and attention alone,
 * beside ONNX Runtime's own fused node. Arguments: rounds, threads, and one of {@code alone},
 * {@code whole} and {@code cached} to run only that. With one thread it is that thread's processor
 * time that is measured, which hardly depends on what else the machine does; otherwise the time on
 * the clock.
 */
final class AttentionPeers {
  private static final int HEADS = 12;
  private static final int SIZE = 64;

  private final Turns turns;
  private final OrtSettings without;
  private final OrtSettings with;
  private final Path folder;

  private AttentionPeers(int rounds, int threads, Path folder) {
    turns = new Turns(rounds, threads == 1);
    this.folder = folder;
    without = new OrtSettings(Device.cpu(), threads, 1, OrtSettings.Optimization.ALL, true, null);
    KernelChoice.Kernel kernel =
        KernelChoice.of("attention", "flash-cpu", "none", KernelOperators.ONNX_RUNTIME, "")
            .kernel()
            .orElseThrow();
    with = without.withOperators(kernel.operators().library());
    System.out.println(
        String.join(", ", kernel.operators().details())
            + (threads == 1 ? ", 1 thread, processor time" : ", threads " + threads));
  }

  public static void main(String[] arguments) throws IOException, OrtException {
    int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 20;
    int threads = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 2;
    String wanted = arguments.length > 2 ? arguments[2] : "";
    Path folder = Files.createTempDirectory("attention-peers");
    try {
      AttentionPeers peers = new AttentionPeers(rounds, threads, folder);
      if ("alone".contains(wanted)) {
        for (int time : new int[] {512, 1024, 2048, 4096}) {
          new AttentionAlone(folder, time).measure(peers.turns, peers.with, peers.without);
        }
      }
      if ("whole".contains(wanted)) {
        peers.whole(1024);
      }
      if ("cached".contains(wanted)) {
        peers.cached(1023);
        peers.cached(64);
      }
    } finally {
      for (String file : List.of("model.onnx")) {
        Files.deleteIfExists(folder.resolve(file));
      }
      Files.deleteIfExists(folder);
    }
  }

  private static Map<String, HostTensor> ids(int time) {
    return Map.of("input_ids", Compare.random(TensorType.i64(1, time), 50257, new Random(1)));
  }

  private static Program gpt() {
    return Program.of(
        new LastLogits(new TestModels.Gpt(50257, 1024 + 64, HEADS * SIZE, HEADS, 12)));
  }

  /** Logits of the last position only, as generation needs them. */
  private record LastLogits(TestModels.Gpt gpt) implements Model {
    @Override
    public Map<String, TensorType> inputs() {
      return gpt.inputs();
    }

    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
      Tensor hidden = gpt.hidden(scope, inputs);
      Dim time = hidden.dim(1);
      Tensor last = hidden.slice(1, time.minus(1), time); // [batch, 1, width]
      return Map.of("logits", gpt.logits(scope, last));
    }
  }

  private static Weights weights(Program program) {
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
                values.put(0.04F * (random.nextFloat() - 0.5F));
              }
              tensors.put(path, tensor);
            });
    return Weights.of(tensors);
  }

  private Path write(Program program, Weights weights, CacheMode cache) throws IOException {
    Path file = folder.resolve(OnnxExporter.MODEL);
    Lowering lowering = Lowering.in(DType.F32).with(AttentionForm.FUNCTION);
    TraceOptions trace =
        TraceOptions.primitives()
            .keeping(GraphLowering.claims(DType.F32, AttentionForm.FUNCTION))
            .withCache(cache);
    OnnxFiles.writeModel(file, GraphLowering.lower(program.graph(trace), weights, lowering), false);
    return file;
  }

  private void whole(int time) throws IOException, OrtException {
    Program program = gpt();
    Path file = write(program, weights(program), CacheMode.NONE);
    Map<String, HostTensor> ids = ids(time);
    try (FileSession kernel = FileSession.open(file, with);
        FileSession plain = FileSession.open(file, without)) {
      Map<String, Turns.Run> peers = new LinkedHashMap<>();
      peers.put("with the kernel", () -> kernel.run(ids));
      peers.put("without", () -> plain.run(ids));
      turns.measure("GPT 124M, " + time + " tokens, no cache", peers);
    }
  }

  private void cached(int past) throws IOException, OrtException {
    Program program = gpt();
    Path file = write(program, weights(program), CacheMode.STEP);
    Map<String, HostTensor> prompt = ids(past);
    Map<String, HostTensor> token = ids(1);
    try (FileSession kernel = FileSession.open(file, with);
        FileSession plain = FileSession.open(file, without)) {
      Map<String, Turns.Run> prefill = new LinkedHashMap<>();
      prefill.put("with the kernel", () -> prefill(kernel, prompt).close());
      prefill.put("without", () -> prefill(plain, prompt).close());
      turns.measure("GPT 124M, prompt of " + past + " into the cache", prefill);
      Map<String, Turns.Run> decode = new LinkedHashMap<>();
      List<Decoding> open = new ArrayList<>();
      for (FileSession session : List.of(kernel, plain)) {
        Decoding decoding = prefill(session, prompt);
        open.add(decoding);
        decode.put(session == kernel ? "with the kernel" : "without", () -> decoding.next(token));
      }
      turns.measure("GPT 124M, one token after " + past, decode);
      open.forEach(Decoding::close);
    }
  }

  private static Decoding prefill(FileSession session, Map<String, HostTensor> prompt) {
    Decoding decoding = session.decode();
    decoding.next(prompt);
    return decoding;
  }
}
