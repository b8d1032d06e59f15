package org.attention4j.engine.onnx.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.attention4j.error.UsageException;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.onnxformat.OnnxFiles;
import org.attention4j.onnxformat.Weight;
import org.attention4j.spi.Engines;
import org.attention4j.spi.ExportOptions;
import org.attention4j.spi.ExportReport;
import org.attention4j.spi.Exporter;
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
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rounded weights: how far they are from the given ones, and what ONNX Runtime makes of them. */
class QuantizerTest {
  private static final int OUTPUTS = 20;
  private static final int INPUTS = 72; // two blocks and a quarter

  @TempDir Path folder;

  /** A linear layer with a bias, its matrix stored either way. */
  private record OneLayer(boolean inFirst) implements Model {
    @Override
    public Map<String, TensorType> inputs() {
      return Map.of("x", TensorType.f32("batch", "time", INPUTS));
    }

    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
      Linear.Style usual = Linear.Style.usual();
      Linear.Style style = inFirst ? usual.storedInFirst() : usual;
      return Map.of("y", scope.call("layer", new Linear(INPUTS, OUTPUTS, style), inputs.get("x")));
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

  /** A matrix in memory that is stored by outputs. */
  private static Matrix matrix(HostTensor tensor) {
    return new Matrix(Weight.of(tensor), true, new Scratch());
  }

  /** What a packed weight stands for. */
  private static double unpacked(
      HostTensor packed, HostTensor scales, int output, int input, int bits) {
    long blocks = packed.dim(1);
    long width = packed.dim(2);
    int size = (int) (8 * width / bits);
    long block = (long) output * blocks + input / size;
    int at = input % size;
    long whole = packed.getLong(block * width + (bits == 8 ? at : at / 2));
    long q = bits == 8 ? whole : at % 2 == 0 ? whole & 15 : whole >> 4;
    return (q - (1 << (bits - 1))) * scales.getDouble(block);
  }

  @ParameterizedTest
  @CsvSource({"4, 32", "8, 32", "4, 128", "8, 16"})
  void aWeightIsAtMostAStepAwayAndTheLargestOfABlockExact(int bits, int size) {
    HostTensor w = random(1, OUTPUTS, INPUTS);
    RoundedMatrix rounded = BlockWeights.of(matrix(w), bits, size);
    HostTensor packed = rounded.values().tensor();
    HostTensor scales = rounded.scales().tensor();
    for (int o = 0; o < OUTPUTS; o++) {
      for (int i = 0; i < INPUTS; i++) {
        double given = w.getDouble((long) o * INPUTS + i);
        long block = (long) o * packed.dim(1) + i / size;
        double step = Math.abs(scales.getDouble(block));
        double error = Math.abs(given - unpacked(packed, scales, o, i, bits));
        boolean largest = Math.abs(given) > 0.9999 * step * (1 << (bits - 1));
        boolean opposite = given / scales.getDouble(block) > (1 << (bits - 1)) - 1.5;
        assertTrue(error <= (opposite ? 1.001 : 0.501) * step, given + " is off by " + error);
        assertTrue(!largest || opposite || error < 1e-5, given + " is off by " + error);
      }
    }
  }

  /** The weight of an output and input, in the order of the kernel, see {@link PackedBlocks}. */
  private static double ofKernel(HostTensor packed, int output, int input, int bits, int size) {
    long at = (output / 16 * packed.dim(1) + input / size) * packed.dim(2);
    int i = input % size;
    long place = output % 16 * 4L;
    int scaleBits = 0;
    for (int b = 0; b < 4; b++) {
      scaleBits |= (int) packed.getLong(at + place + b) << (8 * b);
    }
    long inStep = bits == 8 ? i / 4 : i / 8;
    long whole = packed.getLong(at + 64 + 64 * inStep + place + i % 4);
    long q = bits == 8 ? whole : i % 8 < 4 ? whole & 15 : whole >> 4;
    return (q - (1 << (bits - 1))) * (double) Float.intBitsToFloat(scaleBits);
  }

  @ParameterizedTest
  @CsvSource({"4, 32", "8, 32", "4, 128", "8, 64"})
  void theKernelGetsTheSameWeightsInTheOrderInWhichItReadsThem(int bits, int size) {
    assumeTrue(
        ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN,
        "skipped: this test reads scales of little-endian processors");
    Matrix matrix = matrix(random(1, OUTPUTS, INPUTS));
    RoundedMatrix usual = BlockWeights.of(matrix, bits, size);
    HostTensor values = usual.values().tensor();
    HostTensor scales = usual.scales().tensor();
    Weight packed = PackedBlocks.of(matrix, bits, size);
    HostTensor got = packed.tensor();
    assertTrue(packed.tensor().equalsExactly(got), "the same twice");
    for (int o = 0; o < OUTPUTS; o++) {
      for (int i = 0; i < INPUTS; i++) {
        assertEquals(unpacked(values, scales, o, i, bits), ofKernel(got, o, i, bits, size), 0);
      }
    }
  }

  @Test
  void zerosStayZeros() {
    Matrix zeros = matrix(HostTensor.zeros(DType.F32, 1, 5));
    RoundedMatrix blocks = BlockWeights.of(zeros, 4, 32);
    assertEquals(0, unpacked(blocks.values().tensor(), blocks.scales().tensor(), 0, 3, 4));
    RoundedMatrix columns = ColumnWeights.of(zeros, new Scratch());
    assertEquals(0, columns.values().tensor().getLong(3));
    assertEquals(1, columns.scales().tensor().getDouble(0), "no division by 0 in a runtime");
  }

  /** Values and scales are made anew for each reader, in whatever order they ask. */
  @ParameterizedTest
  @CsvSource({"true", "false"})
  void whatIsReadTwiceIsTheSameTwice(boolean byOutputs) {
    HostTensor w = random(1, 37, 301); // parts that end within a row
    Matrix matrix = new Matrix(Weight.of(w), byOutputs, new Scratch());
    for (RoundedMatrix m :
        List.of(BlockWeights.of(matrix, 8, 32), ColumnWeights.of(matrix, new Scratch()))) {
      HostTensor scales = m.scales().tensor();
      HostTensor values = m.values().tensor();
      assertTrue(m.values().tensor().equalsExactly(values));
      assertTrue(m.scales().tensor().equalsExactly(scales));
      assertTrue(m.scales().tensor().equalsExactly(scales));
      assertEquals(m.values().bytes(), values.size());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "INT8, true, MatMulNBits", "INT8, false, MatMulNBits",
    "INT4, true, MatMulNBits", "INT4, false, MatMulNBits",
    "INT8_DYNAMIC, true, DynamicQuantizeMatMul", "INT8_DYNAMIC, false, DynamicQuantizeMatMul",
  })
  void theRuntimeMultipliesByWhatTheRoundedWeightsStandFor(
      WeightFormat format, boolean inFirst, String operator) throws IOException {
    Program program = Program.of(new OneLayer(inFirst));
    Weights given = Parameters.init(program, 2);
    HostTensor matrix = random(3, inFirst ? INPUTS : OUTPUTS, inFirst ? OUTPUTS : INPUTS);
    Weights weights = Weights.of(Map.of("layer.weight", matrix, "layer.bias", random(4, OUTPUTS)));
    assertEquals(given.names(), weights.names());
    HostTensor x = random(5, 2, 3, INPUTS);
    ExportReport report =
        Exporter.get("onnx")
            .export(
                program,
                weights,
                folder,
                ExportOptions.of("reference", List.of(Map.of("x", x))).withWeights(format));
    // rounding to 4 bits alone has a cosine of about 0.995, to 8 bits of above 0.9999
    double least = format == WeightFormat.INT4 ? 0.99 : 0.9995;
    assertTrue(report.cosine() > least && report.cosine() < 1, report.toString());
    assertTrue(report.passed(), report.toString());
    assertTrue(
        OnnxFiles.readModel(folder.resolve("model.onnx")).getGraph().getNodeList().stream()
            .anyMatch(node -> node.getOpType().equals(operator)));
  }

  @Test
  void aSessionMayKeepItsWeightsRoundedToo() {
    Program program = Program.of(new OneLayer(true));
    Weights weights =
        Weights.of(
            Map.of("layer.weight", random(3, INPUTS, OUTPUTS), "layer.bias", random(4, OUTPUTS)));
    Map<String, HostTensor> inputs = Map.of("x", random(5, 2, 3, INPUTS));
    SessionOptions options = SessionOptions.defaults();
    try (Session plain = Engines.get("onnx").open(program, weights, options);
        Session rounded =
            Engines.get("onnx").open(program, weights, options.with("weights", "int8"))) {
      double[] expected = Objects.requireNonNull(plain.run(inputs).get("y")).toDoubleArray();
      double[] got = Objects.requireNonNull(rounded.run(inputs).get("y")).toDoubleArray();
      double worst = 0;
      for (int i = 0; i < expected.length; i++) {
        worst = Math.max(worst, Math.abs(expected[i] - got[i]));
      }
      assertTrue(worst > 0 && worst < 0.5, "sums of " + INPUTS + " products differ by " + worst);
      assertTrue(rounded.description().contains("weights as int8"), rounded.description());
    }
    SessionOptions large = options.with("weights", "int4").with("weights_block", "64");
    try (Session plain = Engines.get("onnx").open(program, weights, options);
        Session rounded = Engines.get("onnx").open(program, weights, large)) {
      double[] expected = Objects.requireNonNull(plain.run(inputs).get("y")).toDoubleArray();
      double[] got = Objects.requireNonNull(rounded.run(inputs).get("y")).toDoubleArray();
      double products = 0;
      double squares = 0;
      double others = 0;
      for (int i = 0; i < expected.length; i++) {
        products += expected[i] * got[i];
        squares += expected[i] * expected[i];
        others += got[i] * got[i];
      }
      double cosine = products / Math.sqrt(squares * others);
      assertTrue(cosine > 0.98 && cosine < 1, "cosine " + cosine);
      assertTrue(rounded.description().contains("int4 in blocks of 64"), rounded.description());
    }
    for (String block : new String[] {"33", "8", "much"}) {
      assertThrows(
          UsageException.class,
          () -> Engines.get("onnx").open(program, weights, large.with("weights_block", block)));
    }
    assertThrows(
        UsageException.class,
        () -> Engines.get("onnx").open(program, weights, options.with("weights", "int3")));
  }
}
