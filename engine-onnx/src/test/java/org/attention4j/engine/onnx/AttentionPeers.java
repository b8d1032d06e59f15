package org.attention4j.engine.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.attention4j.engine.onnx.export.OnnxExporter;
import org.attention4j.engine.onnx.lower.GraphLowering;
import org.attention4j.engine.onnx.lower.Lowering;
import org.attention4j.engine.onnx.session.FileSession;
import org.attention4j.engine.onnx.session.OrtSettings;
import org.attention4j.graph.CacheMode;
import org.attention4j.graph.TraceOptions;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.onnxformat.Attributes;
import org.attention4j.onnxformat.GraphBuilder;
import org.attention4j.onnxformat.OnnxFiles;
import org.attention4j.onnxformat.OnnxModel;
import org.attention4j.op.Attention;
import org.attention4j.op.AttentionCall;
import org.attention4j.op.AttentionCode;
import org.attention4j.op.Mask;
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
  private static final long REST_MILLIS = 12;
  private static final long WARM_NANOS = 20_000_000;

  private final int rounds;
  private final OrtSettings without;
  private final OrtSettings with;
  private final Path folder;

  private AttentionPeers(int rounds, int threads, Path folder) {
    this.rounds = rounds;
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
        peers.alone(1024);
      }
      if ("whole".contains(wanted)) {
        peers.whole(1024);
      }
      if ("cached".contains(wanted)) {
        peers.cached(1023);
        peers.cached(64);
      }
    } finally {
      for (String file : List.of("model.onnx", "peer.onnx", "rounded.onnx")) {
        Files.deleteIfExists(folder.resolve(file));
      }
      Files.deleteIfExists(folder);
    }
  }

  private interface Run {
    void run() throws OrtException;
  }

  private long now() {
    return without.threads() == 1
        ? ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime()
        : System.nanoTime();
  }

  /**
   * Runs the peers in turn and prints medians, and ratios to the first. Before each time that is
   * taken the machine rests and the peer runs without being measured.
   */
  private void measure(String what, Map<String, Run> peers) throws OrtException {
    Map<String, double[]> times = new LinkedHashMap<>();
    peers.keySet().forEach(name -> times.put(name, new double[rounds]));
    for (int round = -2; round < rounds; round++) {
      for (Map.Entry<String, Run> peer : peers.entrySet()) {
        rest();
        long warm = System.nanoTime() + WARM_NANOS;
        do {
          peer.getValue().run();
        } while (System.nanoTime() < warm);
        long start = now();
        peer.getValue().run();
        double[] all = times.get(peer.getKey());
        if (round >= 0 && all != null) {
          all[round] = (now() - start) / 1e6;
        }
      }
    }
    double first = 0;
    for (Map.Entry<String, double[]> row : times.entrySet()) {
      Arrays.sort(row.getValue());
      double median = row.getValue()[rounds / 2];
      first = first == 0 ? median : first;
      System.out.printf(
          Locale.ROOT,
          "%-40s %-28s median %9.3f ms, best %9.3f ms, kernel is %.2f times faster%n",
          what,
          row.getKey(),
          median,
          row.getValue()[0],
          median / first);
    }
  }

  /** Long enough for the other session's threads to stop spinning. */
  private static void rest() {
    try {
      Thread.sleep(REST_MILLIS);
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
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
      Map<String, Run> peers = new LinkedHashMap<>();
      peers.put("with the kernel", () -> kernel.run(ids));
      peers.put("without", () -> plain.run(ids));
      measure("GPT 124M, " + time + " tokens, no cache", peers);
    }
  }

  private void cached(int past) throws IOException, OrtException {
    Program program = gpt();
    Path file = write(program, weights(program), CacheMode.STEP);
    Map<String, HostTensor> prompt = ids(past);
    Map<String, HostTensor> token = ids(1);
    try (FileSession kernel = FileSession.open(file, with);
        FileSession plain = FileSession.open(file, without)) {
      Map<String, Run> prefill = new LinkedHashMap<>();
      prefill.put("with the kernel", () -> prefill(kernel, prompt).close());
      prefill.put("without", () -> prefill(plain, prompt).close());
      measure("GPT 124M, prompt of " + past + " into the cache", prefill);
      Map<String, Run> decode = new LinkedHashMap<>();
      List<Decoding> open = new ArrayList<>();
      for (FileSession session : List.of(kernel, plain)) {
        Decoding decoding = prefill(session, prompt);
        open.add(decoding);
        decode.put(session == kernel ? "with the kernel" : "without", () -> decoding.next(token));
      }
      measure("GPT 124M, one token after " + past, decode);
      open.forEach(Decoding::close);
    }
  }

  private static Decoding prefill(FileSession session, Map<String, HostTensor> prompt) {
    Decoding decoding = session.decode();
    decoding.next(prompt);
    return decoding;
  }

  /** Attention of 1 x 12 x time x 64, causal. */
  private void alone(int time) throws IOException, OrtException {
    TensorType heads = TensorType.f32("batch", HEADS, "time", SIZE);
    Program program =
        Program.of(
            new Compare.Expression(
                Compare.inputs(heads, heads, heads),
                in ->
                    AttentionCall.of(in.get("x0"), in.get("x1"), in.get("x2"))
                        .mask(Mask.causal())
                        .apply()));
    Path file = write(program, Weights.empty(), CacheMode.NONE);
    Path peer = folder.resolve("peer.onnx");
    OnnxFiles.writeModel(peer, groupQuery(), false);
    Path rounded = folder.resolve("rounded.onnx");
    OnnxFiles.writeModel(rounded, cachedAttention(DType.BF16), false);
    Random random = new Random(1);
    Map<String, OnnxTensorLike> byHead = new LinkedHashMap<>();
    Map<String, OnnxTensorLike> byTime = new LinkedHashMap<>();
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    for (int i = 0; i < 3; i++) {
      FloatBuffer values =
          Compare.random(TensorType.f32(HEADS * time * SIZE), 2, random).buffer().asFloatBuffer();
      byHead.put(
          "x" + i, OnnxTensor.createTensor(environment, values, new long[] {1, HEADS, time, SIZE}));
      byTime.put(
          "x" + i,
          OnnxTensor.createTensor(environment, values, new long[] {1, time, HEADS * SIZE}));
    }
    byTime.put("last", OnnxTensor.createTensor(environment, new int[] {time - 1}));
    byTime.put("total", OnnxTensor.createTensor(environment, new int[] {time}));
    Map<String, OnnxTensorLike> split = new LinkedHashMap<>();
    Map<String, OnnxTensor> present = new LinkedHashMap<>();
    for (int i = 0; i < 3; i++) {
      FloatBuffer values = ((OnnxTensor) Compare.named(byTime, "x" + i)).getFloatBuffer();
      split.put(
          "x" + i, OnnxTensor.createTensor(environment, values, new long[] {1, time, HEADS, SIZE}));
    }
    for (String name : List.of("key", "value")) {
      HostTensor buffer = HostTensor.zeros(DType.BF16, 1, HEADS, time, SIZE);
      split.put("past_" + name, over(buffer));
      present.put("present_" + name, over(buffer));
    }
    split.put("start", OnnxTensor.createTensor(environment, 0L));
    try (OrtSession.SessionOptions plain = options(without);
        OrtSession.SessionOptions ours = options(with);
        OrtSession kernel = environment.createSession(file.toString(), ours);
        OrtSession bf16 = environment.createSession(rounded.toString(), ours);
        OrtSession function = environment.createSession(file.toString(), plain);
        OrtSession fused = environment.createSession(peer.toString(), plain)) {
      Map<String, Run> peers = new LinkedHashMap<>();
      peers.put("with the kernel", () -> kernel.run(byHead).close());
      peers.put("GroupQueryAttention", () -> fused.run(byTime).close());
      peers.put("without", () -> function.run(byHead).close());
      peers.put("over a cache in bf16", () -> bf16.run(split, Set.of("output"), present).close());
      measure("attention 1x12x" + time + "x64, causal", peers);
    }
  }

  private static OnnxTensor over(HostTensor tensor) throws OrtException {
    return OnnxTensor.createTensor(
        OrtEnvironment.getEnvironment(), tensor.buffer(), tensor.shape(), OnnxJavaType.BFLOAT16);
  }

  /** Causal attention that writes its keys and values into a cache, as sessions have it. */
  private static OnnxModel cachedAttention(DType cache) {
    GraphBuilder graph = new GraphBuilder("cached", name -> name);
    TensorType rows = TensorType.f32("batch", "time", HEADS, SIZE);
    TensorType slots = TensorType.of(cache, "batch", HEADS, "capacity", SIZE);
    List<String> operands = List.of("x0", "x1", "x2", "past_key", "past_value", "start");
    operands.subList(0, 3).forEach(name -> graph.input(name, rows));
    operands.subList(3, 5).forEach(name -> graph.input(name, slots));
    graph.input("start", TensorType.i64());
    Attention attention =
        new Attention(
            Mask.causal(),
            1 / Math.sqrt(SIZE),
            0,
            null,
            List.of(),
            0,
            0,
            new Attention.Extras(0, -1, -1),
            false);
    TensorType query = TensorType.f32("batch", HEADS, "time", SIZE);
    List<Long> code =
        AttentionCode.encode(
            attention, List.of(query, slots, slots, TensorType.i64()), AttentionCode.TIME_FIRST);
    List<String> results = List.of(graph.fresh("y"), graph.fresh("key"), graph.fresh("value"));
    graph.domain("org.attention4j", 1);
    graph.node(
        "org.attention4j", "CachedAttention", operands, results, Attributes.integers("code", code));
    graph.output("output", results.get(0), rows);
    graph.output("present_key", results.get(1), slots);
    graph.output("present_value", results.get(2), slots);
    return graph.build(GraphLowering.OPSET, GraphLowering.IR_VERSION, "", new TreeMap<>());
  }

  private static OrtSession.SessionOptions options(OrtSettings settings) throws OrtException {
    OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    options.setIntraOpNumThreads(settings.threads());
    if (settings.operators() != null) {
      options.registerCustomOpLibrary(settings.operators().toString());
    }
    return options;
  }

  /** ONNX Runtime's own fused attention. */
  private static OnnxModel groupQuery() {
    GraphBuilder graph = new GraphBuilder("peer", name -> name);
    for (String name : List.of("x0", "x1", "x2")) {
      graph.input(name, TensorType.f32("batch", "time", HEADS * SIZE));
    }
    graph.input("last", TensorType.of(DType.I32, "batch"));
    graph.input("total", TensorType.of(DType.I32, 1));
    String y = graph.fresh("y");
    graph.node(
        "com.microsoft",
        "GroupQueryAttention",
        List.of("x0", "x1", "x2", "", "", "last", "total"),
        List.of(y, graph.fresh("present_key"), graph.fresh("present_value")),
        Attributes.integer("num_heads", HEADS),
        Attributes.integer("kv_num_heads", HEADS));
    graph.output("y", y, TensorType.f32("batch", "time", HEADS * SIZE));
    graph.domain("com.microsoft", 1);
    return graph.build(GraphLowering.OPSET, GraphLowering.IR_VERSION, "", new TreeMap<>());
  }
}
