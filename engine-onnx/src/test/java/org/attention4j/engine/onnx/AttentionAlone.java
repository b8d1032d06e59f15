package org.attention4j.engine.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.attention4j.engine.onnx.lower.GraphLowering;
import org.attention4j.engine.onnx.lower.Lowering;
import org.attention4j.engine.onnx.session.OrtSettings;
import org.attention4j.graph.TraceOptions;
import org.attention4j.onnxformat.Attributes;
import org.attention4j.onnxformat.GraphBuilder;
import org.attention4j.onnxformat.OnnxFiles;
import org.attention4j.onnxformat.OnnxModel;
import org.attention4j.op.Attention;
import org.attention4j.op.AttentionCall;
import org.attention4j.op.AttentionCode;
import org.attention4j.op.Mask;
import org.attention4j.spi.AttentionForm;
import org.attention4j.spi.Program;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;

/**
 * Causal attention of 1 x 12 x time x 64 as the only node of a model: our function with the kernel
 * and without it, ours over a cache, and ONNX Runtime's own fused node over the same cache. Results
 * and caches lie in memory that is there before the run, as they do in sessions.
 */
record AttentionAlone(Path folder, int time) {
  private static final int HEADS = 12;
  private static final int SIZE = 64;
  private static final String OURS = "org.attention4j";
  private static final String THEIRS = "com.microsoft";

  void measure(Turns turns, OrtSettings with, OrtSettings without)
      throws IOException, OrtException {
    try (OrtSession.SessionOptions plain = options(without);
        OrtSession.SessionOptions ours = options(with);
        OrtSession kernel = open(function(), ours);
        OrtSession function = open(function(), plain);
        OrtSession cached = open(cachedAttention(DType.F32), ours);
        OrtSession rounded = open(cachedAttention(DType.BF16), ours);
        OrtSession fused = open(groupQuery(), plain)) {
      Map<String, Turns.Run> peers = new LinkedHashMap<>();
      peers.put("with the kernel", run(kernel, DType.F32));
      peers.put("the kernel over a cache", run(cached, DType.F32));
      peers.put("the kernel over a cache in bf16", run(rounded, DType.BF16));
      peers.put("GroupQueryAttention", run(fused, DType.F32));
      peers.put("without", run(function, DType.F32));
      turns.measure("attention 1x12x" + time + "x64, causal", peers);
    }
  }

  /** To be closed after the sessions: closing unloads the operators. */
  private static OrtSession.SessionOptions options(OrtSettings settings) throws OrtException {
    OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    options.setIntraOpNumThreads(settings.threads());
    if (settings.operators() != null) {
      options.registerCustomOpLibrary(settings.operators().toString());
    }
    return options;
  }

  private OrtSession open(OnnxModel model, OrtSession.SessionOptions options)
      throws IOException, OrtException {
    Path file = folder.resolve("alone.onnx");
    OnnxFiles.writeModel(file, model, false);
    try {
      return OrtEnvironment.getEnvironment().createSession(file.toString(), options);
    } finally {
      Files.deleteIfExists(file);
    }
  }

  /** Inputs of random numbers; what is past and present of one name is one memory. */
  private Turns.Run run(OrtSession session, DType cache) throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
    Map<String, OnnxTensor> outputs = new LinkedHashMap<>();
    boolean byHead = !session.getInputNames().contains("past_key");
    boolean flat = session.getInputNames().contains("total");
    TensorType rows =
        byHead
            ? TensorType.f32(1, HEADS, time, SIZE)
            : flat ? TensorType.f32(1, time, HEADS * SIZE) : TensorType.f32(1, time, HEADS, SIZE);
    for (int i = 0; i < 3; i++) {
      inputs.put("x" + i, over(Compare.random(rows, 2, new Random(i))));
    }
    for (String name : byHead ? List.<String>of() : List.of("key", "value")) {
      HostTensor slots = HostTensor.zeros(cache, 1, HEADS, time, SIZE);
      inputs.put("past_" + name, over(slots));
      outputs.put("present_" + name, over(slots));
    }
    if (flat) {
      inputs.put("last", OnnxTensor.createTensor(environment, new int[] {time - 1}));
      inputs.put("total", OnnxTensor.createTensor(environment, new int[] {time}));
    } else if (!byHead) {
      inputs.put("start", OnnxTensor.createTensor(environment, 0L));
    }
    for (String name : session.getOutputNames()) {
      if (!outputs.containsKey(name)) {
        outputs.put(name, over(HostTensor.zeros(DType.F32, rows.shape())));
      }
    }
    return () -> session.run(inputs, Set.of(), outputs).close();
  }

  private static OnnxTensor over(HostTensor tensor) throws OrtException {
    return OnnxTensor.createTensor(
        OrtEnvironment.getEnvironment(),
        tensor.buffer(),
        tensor.shape(),
        tensor.dtype() == DType.BF16 ? OnnxJavaType.BFLOAT16 : OnnxJavaType.FLOAT);
  }

  /** Attention as exported files have it: a function of our domain with its expansion. */
  private static OnnxModel function() {
    TensorType heads = TensorType.f32("batch", HEADS, "time", SIZE);
    Program program =
        Program.of(
            new Compare.Expression(
                Compare.inputs(heads, heads, heads),
                in ->
                    AttentionCall.of(in.get("x0"), in.get("x1"), in.get("x2"))
                        .mask(Mask.causal())
                        .apply()));
    TraceOptions trace =
        TraceOptions.primitives().keeping(GraphLowering.claims(DType.F32, AttentionForm.FUNCTION));
    return GraphLowering.lower(
        program.graph(trace), Weights.empty(), Lowering.in(DType.F32).with(AttentionForm.FUNCTION));
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
    graph.domain(OURS, 1);
    graph.node(OURS, "CachedAttention", operands, results, Attributes.integers("code", code));
    return finished(graph, results, rows, slots);
  }

  /** ONNX Runtime's own fused attention. */
  private static OnnxModel groupQuery() {
    GraphBuilder graph = new GraphBuilder("peer", name -> name);
    TensorType rows = TensorType.f32("batch", "time", HEADS * SIZE);
    TensorType slots = TensorType.f32("batch", HEADS, "capacity", SIZE);
    List<String> operands = List.of("x0", "x1", "x2", "past_key", "past_value", "last", "total");
    operands.subList(0, 3).forEach(name -> graph.input(name, rows));
    operands.subList(3, 5).forEach(name -> graph.input(name, slots));
    graph.input("last", TensorType.of(DType.I32, "batch"));
    graph.input("total", TensorType.of(DType.I32, 1));
    List<String> results = List.of(graph.fresh("y"), graph.fresh("key"), graph.fresh("value"));
    graph.domain(THEIRS, 1);
    graph.node(
        THEIRS,
        "GroupQueryAttention",
        operands,
        results,
        Attributes.integer("num_heads", HEADS),
        Attributes.integer("kv_num_heads", HEADS));
    return finished(graph, results, rows, slots);
  }

  private static OnnxModel finished(
      GraphBuilder graph, List<String> results, TensorType rows, TensorType slots) {
    graph.output("output", results.get(0), rows);
    graph.output("present_key", results.get(1), slots);
    graph.output("present_value", results.get(2), slots);
    return graph.build(GraphLowering.OPSET, GraphLowering.IR_VERSION, "", new TreeMap<>());
  }
}
