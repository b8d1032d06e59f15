package org.attention4j.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.nn.Init;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.reference.ReferenceEngine;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Weights as they lie in files: what sessions make of them, and how much memory that takes. */
class StoredWeightsTest {
  private static final SessionOptions OPTIONS = SessionOptions.defaults().withThreads(1);

  /** Bytes of the memory that belongs to this process alone. */
  private static long own() throws IOException {
    System.gc();
    return status("RssAnon");
  }

  @ParameterizedTest
  @CsvSource({"F16, all", "F16, basic", "F16, none", "BF16, all", "BF16, none"})
  void weightsWidenedByTheGraphGiveTheBitsOfWeightsWidenedBefore(DType stored, String level) {
    Program program = Program.of(new TestModels.Gpt(301, 32, 48, 3, 2)); // tied table
    Weights narrow = Parameters.init(program, 3).map((path, tensor) -> tensor.cast(stored));
    Weights wide = narrow.map((path, tensor) -> tensor.cast(DType.F32));
    SessionOptions options = OPTIONS.with("optimization", level);
    HostTensor ids = Compare.random(TensorType.i64(2, 7), 301, new Random(1));
    Map<String, HostTensor> inputs = Map.of("input_ids", ids);
    try (Session expected = new OnnxEngine().open(program, wide, options);
        Session actual = new OnnxEngine().open(program, narrow, options);
        Decoding expectedSteps = expected.decode();
        Decoding actualSteps = actual.decode()) {
      Compare.equal("whole", expected.run(inputs), actual.run(inputs), 0);
      Compare.equal("decoded", expectedSteps.next(inputs), actualSteps.next(inputs), 0);
    }
  }

  /** Inputs plus a parameter between two transpositions, which ONNX Runtime moves and cancels. */
  private static final class Turned implements Model {
    @Override
    public Map<String, TensorType> inputs() {
      return Map.of("x", TensorType.f32("batch", 40, 20));
    }

    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
      Tensor added = scope.param("added", Init.normal(1), 20, 40);
      Tensor sum = inputs.get("x").permute(0, 2, 1).add(added); // [batch, 20, 40]
      return Map.of("y", sum.tanh().permute(0, 2, 1)); // [batch, 40, 20]
    }
  }

  @Test
  void weightsThatOnnxRuntimeTurnsAreNotReplacedByTheOriginal(@TempDir Path directory)
      throws IOException {
    Program program = Program.of(new Turned());
    Weights weights = Parameters.init(program, 3);
    HostTensor x = Compare.random(TensorType.f32(2, 40, 20), 0, new Random(2));
    try (Session expected = new ReferenceEngine().open(program, weights, OPTIONS);
        Session actual = new OnnxEngine().open(program, weights, OPTIONS);
        Session inFile = new OnnxEngine().open(program, stored(directory, weights), OPTIONS)) {
      Map<String, HostTensor> turned = expected.run(Map.of("x", x));
      Compare.equal("turned", turned, actual.run(Map.of("x", x)), 1e-6);
      Compare.equal("turned", turned, inFile.run(Map.of("x", x)), 1e-6);
    }
  }

  /** Saved in this folder, and loaded again. */
  private static Weights stored(Path folder, Weights weights) throws IOException {
    Path file = Files.createDirectories(folder).resolve("model.safetensors");
    weights.save(file);
    return Weights.load(file);
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16"})
  void weightsThatAreReadInTheirFileGiveTheBitsOfWeightsInMemory(
      DType dtype, @TempDir Path directory) throws IOException {
    Program program = Program.of(new TestModels.Gpt(301, 32, 48, 3, 2));
    Weights weights = Parameters.init(program, 3).map((path, tensor) -> tensor.cast(dtype));
    Weights others = weights.map((path, tensor) -> HostTensor.zeros(dtype, tensor.shape()));
    HostTensor ids = Compare.random(TensorType.i64(2, 7), 301, new Random(1));
    Map<String, HostTensor> inputs = Map.of("input_ids", ids);
    try (Session memory = new OnnxEngine().open(program, weights, OPTIONS)) {
      Map<String, HostTensor> expected = memory.run(inputs);
      String names = System.getProperty("sun.jnu.encoding", "US-ASCII");
      boolean accents = Charset.forName(names).newEncoder().canEncode('á');
      for (String name : List.of("plain", "two words", accents ? "más" : "mas")) {
        Weights loaded = stored(directory.resolve(name), weights);
        try (Session session = new OnnxEngine().open(program, loaded, OPTIONS)) {
          Compare.equal(name, expected, session.run(inputs), 0);
          try (Decoding one = memory.decode();
              Decoding other = session.decode()) {
            Compare.equal("decoded", one.next(inputs), other.next(inputs), 0);
          }
        }
      }
      // a name that leads elsewhere by the time the model is opened, which is at the first run
      Path folder = directory.resolve("plain");
      Weights loaded = stored(folder, weights);
      try (Session session = new OnnxEngine().open(program, loaded, OPTIONS)) {
        stored(folder, others);
        Compare.equal("replaced", expected, session.run(inputs), 0);
        Files.delete(folder.resolve("model.safetensors"));
        try (Decoding one = memory.decode();
            Decoding other = session.decode()) {
          Compare.equal("deleted", one.next(inputs), other.next(inputs), 0);
        }
      }
      // files in two folders, and weights that lie in none
      Map<String, HostTensor> mixed = new LinkedHashMap<>();
      Weights first = stored(directory.resolve("first"), weights);
      Weights second = stored(directory.resolve("second"), weights);
      List<Weights> sources = List.of(first, second, weights);
      for (String path : weights.names()) {
        mixed.put(path, sources.get(mixed.size() % sources.size()).get(path));
      }
      try (Session session = new OnnxEngine().open(program, Weights.of(mixed), OPTIONS)) {
        Compare.equal("mixed", expected, session.run(inputs), 0);
      }
    }
  }

  private interface Use {
    Map<String, HostTensor> of(Session session, Map<String, HostTensor> inputs);
  }

  /**
   * A session that has been used in one way keeps its weights in f32 once. The rest of what is
   * allowed is what the JVM itself grows by; a second copy would make it twice as much.
   */
  private static void keepsOneCopy(DType stored, Use use) throws IOException {
    assumeTrue(
        Files.exists(Path.of("/proc/self/status")),
        "skipped: resident memory is read from /proc/self/status, which this system lacks");
    Program program = Program.of(new TestModels.Gpt(8192, 32, 1024, 8, 1));
    Map<String, HostTensor> zeros = new LinkedHashMap<>();
    program
        .graph(TraceOptions.primitives())
        .parameterTypes()
        .forEach((path, type) -> zeros.put(path, HostTensor.zeros(stored, type.shape())));
    Weights weights = Weights.of(zeros);
    long widened = 4 * weights.parameterCount();
    assertEquals(84, widened / 1_000_000);
    HostTensor ids = HostTensor.of(new long[] {1, 2, 3}, 1, 3);
    long before = own();
    try (Session session = new OnnxEngine().open(program, weights, OPTIONS)) {
      HostTensor logits = Compare.named(use.of(session, Map.of("input_ids", ids)), "logits");
      long kept = own() - before;
      assertEquals(0, logits.getDouble(0));
      assertTrue(kept < 1.6 * widened, kept + " bytes for " + widened + " of weights");
    }
  }

  /** Bytes of a line of this process's status. */
  private static long status(String name) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith(name + ":")) {
        return 1024 * Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    throw new IOException("no " + name + " in /proc/self/status");
  }

  /** Resident bytes, once what earlier tests have left is collected, which takes its time. */
  private static long settled() throws IOException, InterruptedException {
    long least = status("VmRSS");
    for (int same = 0; same < 3; same++) {
      System.gc();
      Thread.sleep(50);
      long now = status("VmRSS");
      same = now < least - 1_000_000 ? 0 : same;
      least = Math.min(least, now);
    }
    return least;
  }

  /**
   * Weights of a program, all of them views of one buffer of tiny numbers. No two are equal: ONNX
   * Runtime keeps equal ones once.
   */
  private static Weights views(Program program, DType dtype) {
    Map<String, TensorType> types = program.graph(TraceOptions.primitives()).parameterTypes();
    long largest = types.values().stream().mapToLong(t -> size(t.shape())).max().orElseThrow();
    long shift = 64; // bytes from the beginning of one to that of the next
    HostTensor all = HostTensor.zeros(DType.U8, largest * dtype.bytes() + shift * types.size());
    ByteBuffer bytes = all.buffer();
    for (int i = 0; i + 2 <= bytes.limit(); i += 2) {
      bytes.putShort(i, (short) (0x2c00 + i % 1021 / 2));
    }
    Map<String, HostTensor> views = new LinkedHashMap<>();
    types.forEach(
        (path, type) -> {
          int length = (int) size(type.shape()) * dtype.bytes();
          ByteBuffer view = bytes.slice((int) shift * views.size(), length);
          views.put(path, HostTensor.wrap(dtype, view, type.shape()));
        });
    return Weights.of(views);
  }

  private static long parameters(Program program) {
    Graph graph = program.graph(TraceOptions.primitives());
    return graph.parameterTypes().values().stream().mapToLong(t -> size(t.shape())).sum();
  }

  private static long size(long[] shape) {
    return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
  }

  /**
   * From opening a file to the first logits, no more memory is resident at any time, mapped pages
   * included, than the weights take in f32 and their largest matrix once more. What else is allowed
   * is the JVM's. Before ONNX Runtime read the files itself, it was more than twice the weights.
   */
  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16"})
  void openingAFileNeverTakesMuchMoreThanTheWeightsInF32(DType stored, @TempDir Path directory)
      throws IOException, InterruptedException {
    Program program = Program.of(new TestModels.Gpt(512, 32, 1024, 8, 3));
    long widened = 4 * parameters(program);
    assertEquals(153, widened / 1_000_000);
    long most = mostWhileOpening(program, stored, directory);
    assertTrue(most < 1.6 * widened, most + " bytes for " + widened + " of weights");
  }

  /**
   * A tied table is the last that a model multiplies by. ONNX Runtime must have rearranged it
   * before all others, or else it would be there twice when nearly everything else is there, too:
   * 1.5 times the weights. And it must not be widened long before that.
   */
  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16"})
  void openingAFileWithATiedTableTakesLittleMoreThanTheWeights(
      DType stored, @TempDir Path directory) throws IOException, InterruptedException {
    String type = Files.getFileStore(Path.of(System.getProperty("java.io.tmpdir"))).type();
    assumeTrue(
        stored == DType.F32 || !type.equals("tmpfs"),
        "skipped: temporary files are in memory here, so widened weights are not written to one");
    Program program = Program.of(new TestModels.Gpt(32768, 32, 1024, 8, 2));
    long bytes = 4 * parameters(program);
    assertEquals(235, bytes / 1_000_000);
    long most = mostWhileOpening(program, stored, directory);
    assertTrue(most < 1.25 * bytes, most + " bytes for " + bytes + " of weights");
  }

  /** Bytes that become resident from opening a file to the first logits, at the worst moment. */
  private static long mostWhileOpening(Program program, DType stored, Path directory)
      throws IOException, InterruptedException {
    Path peak = Path.of("/proc/self/clear_refs");
    assumeTrue(
        Files.isWritable(peak),
        "skipped: the most memory since a moment is read in /proc, which this system lacks");
    HostTensor ids = HostTensor.of(new long[] {1, 2, 3}, 1, 3);
    Program small = Program.of(TestModels.Gpt.tiny());
    Weights smallWeights = stored(directory, Parameters.init(small, 1));
    try (Session session = new OnnxEngine().open(small, smallWeights, OPTIONS)) {
      session.run(Map.of("input_ids", ids)); // loads the classes and the library
    }
    Weights weights = stored(directory, views(program, stored));
    long before = settled();
    Files.writeString(peak, "5"); // VmHWM begins anew
    try (Session session = new OnnxEngine().open(program, weights, OPTIONS)) {
      session.run(Map.of("input_ids", ids));
      return status("VmHWM") - before;
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16"})
  void aSessionThatRunsKeepsOneCopyOfItsWeights(DType stored) throws IOException {
    keepsOneCopy(stored, Session::run);
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "BF16"})
  void aSessionThatDecodesKeepsOneCopyOfItsWeights(DType stored) throws IOException {
    keepsOneCopy(
        stored,
        (session, inputs) -> {
          try (Decoding decoding = session.decode()) {
            return decoding.next(inputs);
          }
        });
  }
}
