package org.attention4j.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.attention4j.engine.onnx.lower.GraphLowering;
import org.attention4j.onnxformat.Attributes;
import org.attention4j.onnxformat.GraphBuilder;
import org.attention4j.spi.KernelChoice;
import org.attention4j.spi.KernelOperators;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.TensorType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The node BlockProduct as anybody could write it into a file: what does not fit is refused when
 * the file is opened or run, and nothing beyond its tensors is read.
 */
class BlockProductNodeTest {
  private static final int OUTPUTS = 20; // two groups of 16
  private static final int INPUTS = 40; // two blocks of 32
  private static final List<Long> CODE = List.of((long) OUTPUTS, (long) INPUTS, 32L, 8L);
  private static final int BYTES = 2 * 2 * 16 * (4 + 32);

  private static final OrtEnvironment ENVIRONMENT = OrtEnvironment.getEnvironment();

  private static List<Dim> dims(String name, int rank) {
    List<Dim> dims = new ArrayList<>();
    for (int i = 0; i < rank; i++) {
      dims.add(Dim.symbol(name + i));
    }
    return dims;
  }

  /** A graph of one node with these operands, of these types; an empty name leaves one out. */
  private static byte[] model(List<Long> code, Map<String, TensorType> operands) {
    GraphBuilder graph = new GraphBuilder("product", name -> name);
    operands.forEach(
        (name, type) -> {
          if (!name.isEmpty()) {
            graph.input(name, type);
          }
        });
    String result = graph.fresh("y");
    graph.domain("org.attention4j", 1);
    graph.node(
        "org.attention4j",
        "BlockProduct",
        List.copyOf(operands.keySet()),
        List.of(result),
        Attributes.integers("code", code));
    graph.output("result", result, new TensorType(DType.F32, dims("y", 2)));
    return graph
        .build(GraphLowering.OPSET, GraphLowering.IR_VERSION, "", new TreeMap<>())
        .proto()
        .toByteArray();
  }

  private static Map<String, TensorType> operands(int xRank, int weightsRank, int biasRank) {
    Map<String, TensorType> operands = new LinkedHashMap<>();
    operands.put("x", new TensorType(DType.F32, dims("x", xRank)));
    operands.put("weights", new TensorType(DType.U8, dims("w", weightsRank)));
    operands.put("bias", new TensorType(DType.F32, dims("b", biasRank)));
    return operands;
  }

  private static OrtSession session(byte[] model) throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      KernelChoice kernel =
          KernelChoice.of("attention", "flash-cpu", "none", KernelOperators.ONNX_RUNTIME, "");
      options.registerCustomOpLibrary(
          String.valueOf(kernel.kernel().orElseThrow().operators().library()));
      return ENVIRONMENT.createSession(model, options);
    }
  }

  private static int count(long[] shape) {
    return (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
  }

  private static OnnxTensor floats(long... shape) throws OrtException {
    float[] values = new float[count(shape)];
    Arrays.fill(values, 0.5F);
    return OnnxTensor.createTensor(ENVIRONMENT, FloatBuffer.wrap(values), shape);
  }

  private static OnnxTensor bytes(Random random, long... shape) throws OrtException {
    ByteBuffer bytes = ByteBuffer.allocateDirect(count(shape)).order(ByteOrder.nativeOrder());
    for (int i = 0; i < bytes.capacity(); i++) {
      bytes.put(i, (byte) random.nextInt());
    }
    return OnnxTensor.createTensor(ENVIRONMENT, bytes, shape, OnnxJavaType.UINT8);
  }

  private static Map<String, long[]> sizes(long[] x, long[] weights, long[] bias) {
    Map<String, long[]> sizes = new LinkedHashMap<>();
    sizes.put("x", x);
    sizes.put("weights", weights);
    sizes.put("bias", bias);
    return sizes;
  }

  /** Opens and runs a node of that code over operands of those sizes, in the order of the node. */
  private static float[] run(List<Long> code, Map<String, long[]> sizes) throws OrtException {
    Map<String, TensorType> types = new LinkedHashMap<>();
    Map<String, OnnxTensor> tensors = new LinkedHashMap<>();
    try {
      for (Map.Entry<String, long[]> operand : sizes.entrySet()) {
        String name = operand.getKey();
        boolean rounded = name.equals("weights");
        long[] shape = operand.getValue();
        types.put(name, new TensorType(rounded ? DType.U8 : DType.F32, dims(name, shape.length)));
        tensors.put(name, rounded ? bytes(new Random(1), shape) : floats(shape));
      }
      try (OrtSession session = session(model(code, types));
          OrtSession.Result result = session.run(tensors)) {
        FloatBuffer values = ((OnnxTensor) result.get(0)).getFloatBuffer();
        float[] copy = new float[values.remaining()];
        values.get(copy);
        return copy;
      }
    } finally {
      tensors.values().forEach(OnnxTensor::close);
    }
  }

  private static void refused(String message, List<Long> code, Map<String, long[]> sizes) {
    OrtException refused = assertThrows(OrtException.class, () -> run(code, sizes), message);
    assertTrue(String.valueOf(refused.getMessage()).contains(message), refused::toString);
  }

  @Test
  void whatFitsIsMultipliedWhateverTheBytesAre() throws OrtException {
    // scales of random bytes may be anything, NaN as well: there is a result, and it is as large
    long[] flat = {BYTES};
    assertEquals(
        3 * OUTPUTS, run(CODE, sizes(new long[] {3, INPUTS}, flat, new long[] {OUTPUTS})).length);
    Map<String, long[]> none = sizes(new long[] {0, INPUTS}, flat, new long[0]);
    none.remove("bias");
    assertEquals(0, run(CODE, none).length);
  }

  /** Entries of the code: outputs, inputs, weights that share a scale, bits. */
  @ParameterizedTest
  @CsvSource({
    "36, 40, 32, 8, weights of 36 outputs and 40 inputs are 3456 bytes",
    "2147483647, 40, 32, 8, has fewer weights than outputs",
    "4611686018427387904, 40, 32, 8, has fewer weights than outputs",
    "-1, 40, 32, 8, negative size",
    "-9223372036854775808, 40, 32, 8, negative size",
    "20, 72, 32, 8, rows of a product are not of 72 inputs",
    "20, -1, 32, 8, rows of a product are not of -1 inputs",
    "20, 40, 0, 8, 'a block has 32, 64, 128 or 256 weights, not 0'",
    "20, 40, 16, 8, 'a block has 32, 64, 128 or 256 weights, not 16'",
    "20, 40, -32, 8, 'a block has 32, 64, 128 or 256 weights, not -32'",
    "20, 40, 9223372036854775807, 8, 'a block has 32, 64, 128 or 256 weights'",
    "20, 40, 64, 8, are 2176 bytes",
    "20, 40, 32, 4, are 1280 bytes",
    "20, 40, 32, 0, 'weights have 4 or 8 bits, not 0'",
    "20, 40, 32, 4294967304, 'weights have 4 or 8 bits, not 4294967304'"
  })
  void aCodeThatDoesNotFitItsOperandsIsRefused(
      long outputs, long inputs, long block, long bits, String message) {
    List<Long> code = List.of(outputs, inputs, block, bits);
    Map<String, long[]> sizes = sizes(new long[] {2, INPUTS}, new long[] {BYTES}, new long[0]);
    sizes.remove("bias");
    refused(message, code, sizes);
  }

  @ParameterizedTest
  @CsvSource({"0", "3", "5"})
  void aCodeOfAnotherLengthIsRefusedWhenTheFileIsOpened(int entries) {
    List<Long> code = new ArrayList<>(CODE);
    code.add(1L);
    OrtException refused =
        assertThrows(
            OrtException.class,
            () -> session(model(code.subList(0, entries), operands(2, 1, 1))).close());
    assertTrue(String.valueOf(refused.getMessage()).contains("code"), refused::toString);
  }

  @Test
  void operandsOfOtherSizesAreRefused() {
    long[] x = {2, INPUTS};
    long[] weights = {BYTES};
    long[] bias = {OUTPUTS};
    refused("bytes, not " + (BYTES - 1), CODE, sizes(x, new long[] {BYTES - 1}, bias));
    refused("bytes, not " + (BYTES + 1), CODE, sizes(x, new long[] {BYTES + 1}, bias));
    refused("has fewer weights than outputs", CODE, sizes(x, new long[] {0}, bias));
    refused("are not of 40 inputs", CODE, sizes(new long[] {2, INPUTS - 1}, weights, bias));
    refused("are not of 40 inputs", CODE, sizes(new long[] {INPUTS, 2}, weights, bias));
    refused("are not of 40 inputs", CODE, sizes(new long[] {}, weights, bias));
    refused("one axis of 20", CODE, sizes(x, weights, new long[] {OUTPUTS - 1}));
    refused("one axis of 20", CODE, sizes(x, weights, new long[] {1, OUTPUTS}));
    refused("one axis of 20", CODE, sizes(x, weights, new long[] {}));
  }

  @Test
  void operandsOfOtherTypesOrTooFewAreRefusedWhenTheFileIsOpened() {
    for (String name : List.of("x", "weights", "bias")) {
      Map<String, TensorType> operands = operands(2, 1, 1);
      operands.computeIfPresent(
          name, (n, type) -> type.as(n.equals("weights") ? DType.I8 : DType.F16));
      assertThrows(OrtException.class, () -> session(model(CODE, operands)).close(), name);
    }
    Map<String, TensorType> one = operands(2, 1, 1);
    one.keySet().retainAll(List.of("x"));
    assertThrows(OrtException.class, () -> session(model(CODE, one)).close());
    Map<String, TensorType> hole = new LinkedHashMap<>();
    hole.put("x", new TensorType(DType.F32, dims("x", 2)));
    hole.put("", new TensorType(DType.U8, dims("w", 1)));
    hole.put("bias", new TensorType(DType.F32, dims("b", 1)));
    assertThrows(OrtException.class, () -> session(model(CODE, hole)).close());
  }
}
