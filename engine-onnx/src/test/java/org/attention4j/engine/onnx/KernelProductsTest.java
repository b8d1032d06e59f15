package org.attention4j.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.attention4j.engine.onnx.lower.GraphLowering;
import org.attention4j.engine.onnx.lower.Lowering;
import org.attention4j.engine.onnx.quantize.Quantizer;
import org.attention4j.engine.onnx.quantize.Rounding;
import org.attention4j.error.UsageException;
import org.attention4j.graph.TraceOptions;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.onnxformat.OnnxModel;
import org.attention4j.onnxformat.proto.NodeProto;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Engines;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.spi.WeightFormat;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Products with rounded weights by the kernel: what they give, and where they stand. */
class KernelProductsTest {
  private static final int OUTPUTS = 20;
  private static final int INPUTS = 72; // two blocks and a quarter

  /** Two linear layers over the same rows, one without a bias, stored either way. */
  private record Layers() implements Model {
    @Override
    public Map<String, TensorType> inputs() {
      return Map.of("x", TensorType.f32("batch", "time", INPUTS));
    }

    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
      Tensor x = inputs.get("x");
      Linear.Style style = Linear.Style.usual();
      Tensor first = scope.call("first", new Linear(INPUTS, OUTPUTS, style.storedInFirst()), x);
      Tensor second = scope.call("second", new Linear(INPUTS, OUTPUTS, style.withoutBias()), x);
      return Map.of("y", first, "z", second);
    }
  }

  private static HostTensor random(long seed, long... shape) {
    Random random = new Random(seed);
    HostTensor tensor = HostTensor.zeros(DType.F32, shape);
    for (long i = 0; i < tensor.size(); i++) {
      tensor.set(i, random.nextGaussian());
    }
    return tensor;
  }

  private static Weights weights() {
    return Weights.of(
        Map.of(
            "first.weight", random(3, INPUTS, OUTPUTS),
            "first.bias", random(4, OUTPUTS),
            "second.weight", random(5, OUTPUTS, INPUTS)));
  }

  private static SessionOptions options(String format, String block) {
    return SessionOptions.defaults()
        .with("attention", "flash-cpu")
        .with("weights", format)
        .with("weights_block", block);
  }

  private static double rootMeanSquare(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return Math.sqrt(sum / a.length);
  }

  /** Both round rows to 8 bits; the runtime does so by blocks of the weights' size. */
  @ParameterizedTest
  @CsvSource({"int4, 32", "int4, 128", "int8, 32", "int8, 64"})
  void theKernelMultipliesByTheSameWeightsAsTheRuntime(String format, String block) {
    Program program = Program.of(new Layers());
    SessionOptions options = options(format, block);
    Map<String, HostTensor> x = Map.of("x", random(6, 2, 3, INPUTS));
    try (Session kernel = Engines.get("onnx").open(program, weights(), options);
        Session runtime =
            Engines.get("onnx").open(program, weights(), options.with("products", "none"))) {
      assertTrue(kernel.description().contains("blocks multiplied by the kernel"));
      assertFalse(runtime.description().contains("multiplied by the kernel"));
      for (String name : List.of("y", "z")) {
        double[] own = Objects.requireNonNull(kernel.run(x).get(name)).toDoubleArray();
        double[] other = Objects.requireNonNull(runtime.run(x).get(name)).toDoubleArray();
        // sums of 72 products of about 1, whose rows are off by about 1/400 each
        assertTrue(rootMeanSquare(own, other) < 0.08, "differ by " + rootMeanSquare(own, other));
        assertTrue(rootMeanSquare(own, new double[own.length]) > 5, "sums of " + INPUTS);
      }
    }
  }

  @Test
  void aModelDecodesAsWithTheRuntimesProducts() {
    Program program = Program.of(TestModels.Gpt.tiny());
    Weights weights = Parameters.init(program, 7);
    SessionOptions options = options("int8", "32");
    HostTensor prompt = HostTensor.of(new long[] {1, 2, 3, 4, 5, 6}, 2, 3);
    HostTensor next = HostTensor.of(new long[] {7, 8}, 2, 1);
    try (Session kernel = Engines.get("onnx").open(program, weights, options);
        Session runtime =
            Engines.get("onnx").open(program, weights, options.with("products", "none"));
        Decoding own = kernel.decode();
        Decoding other = runtime.decode()) {
      for (HostTensor ids : List.of(prompt, next)) {
        Map<String, HostTensor> inputs = Map.of("input_ids", ids);
        double[] a = Objects.requireNonNull(own.next(inputs).get("logits")).toDoubleArray();
        double[] b = Objects.requireNonNull(other.next(inputs).get("logits")).toDoubleArray();
        double size = rootMeanSquare(b, new double[b.length]);
        assertTrue(rootMeanSquare(a, b) < 0.01 * size, rootMeanSquare(a, b) + " of " + size);
      }
    }
  }

  private static List<NodeProto> nodes(Rounding rounding, DType precision, boolean kernel) {
    OnnxModel model =
        GraphLowering.lower(
            Program.of(new Layers()).graph(TraceOptions.primitives()),
            weights(),
            Lowering.inMemory(precision));
    return Quantizer.apply(model, rounding, kernel).proto().getGraph().getNodeList();
  }

  private static long count(List<NodeProto> nodes, String operator) {
    return nodes.stream().filter(node -> node.getOpType().equals(operator)).count();
  }

  @Test
  void aBiasBelongsToItsProduct() {
    List<NodeProto> nodes = nodes(new Rounding(WeightFormat.INT4, 32), DType.F32, true);
    assertEquals(2, count(nodes, "BlockProduct"));
    assertEquals(0, count(nodes, "Add"), "the bias is an operand in " + nodes);
    assertEquals(
        List.of(2, 3),
        nodes.stream()
            .filter(node -> node.getOpType().equals("BlockProduct"))
            .map(NodeProto::getInputCount)
            .sorted()
            .toList());
  }

  @Test
  void whatTheKernelDoesNotMultiplyByIsLeftToTheRuntime() {
    Rounding small = new Rounding(WeightFormat.INT4, 16);
    Rounding usual = new Rounding(WeightFormat.INT4, 32);
    assertEquals(2, count(nodes(small, DType.F32, true), "MatMulNBits"), "blocks of 16");
    assertEquals(2, count(nodes(usual, DType.F16, true), "MatMulNBits"), "f16");
    assertEquals(2, count(nodes(usual, DType.F32, false), "MatMulNBits"), "as in exports");
  }

  @Test
  void anUnknownChoiceIsRefused() {
    assertThrows(
        UsageException.class,
        () ->
            Engines.get("onnx")
                .open(
                    Program.of(new Layers()),
                    weights(),
                    options("int4", "32").with("products", "kernel")));
  }
}
