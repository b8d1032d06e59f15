package org.attention4j.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.attention4j.nn.Model;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The type of a decoder's cache where nothing says which: that of the weights decides. */
class CacheChoiceTest {
  private static final String INT8 = ", in int8 (auto: weights are rounded)";
  private static final SessionOptions DEFAULTS = SessionOptions.defaults();

  private static Session open(Model model, SessionOptions options) {
    Program program = Program.of(model);
    return new OnnxEngine().open(program, Parameters.init(program, 5), options);
  }

  /** Logits of a prompt of 9, of one token, of 3 and of one of the rows changed about. */
  private static double[] decoded(SessionOptions options) {
    HostTensor ids = Compare.random(TensorType.i64(2, 14), 61, new Random(3));
    List<double[]> parts = new ArrayList<>();
    try (Session session = open(TestModels.Gpt.tiny(), options);
        Decoding decoding = session.decode()) {
      int from = 0;
      for (int to : new int[] {9, 10, 13, 14}) {
        HostTensor part = HostTensor.zeros(DType.I64, 2, to - from);
        for (int i = 0; i < part.size(); i++) {
          part.set(i, ids.getLong(i / (to - from) * 14 + from + i % (to - from)));
        }
        Map<String, HostTensor> outputs = decoding.next(Map.of("input_ids", part));
        parts.add(Compare.named(outputs, "logits").toDoubleArray());
        decoding.select(1, 0);
        from = to;
      }
    }
    return parts.stream().flatMapToDouble(Arrays::stream).toArray();
  }

  private static double rootMeanSquare(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return Math.sqrt(sum / a.length);
  }

  @ParameterizedTest
  @ValueSource(strings = {"int8", "int4"})
  void roundedWeightsHaveARoundedCacheUnlessAnotherIsAskedFor(String weights) {
    SessionOptions rounded = DEFAULTS.with("weights", weights);
    try (Session auto = open(TestModels.Gpt.tiny(), rounded);
        Session named = open(TestModels.Gpt.tiny(), rounded.with("cache_precision", "auto"));
        Session wide = open(TestModels.Gpt.tiny(), rounded.with("cache_precision", "f32"))) {
      assertTrue(auto.description().endsWith(INT8), auto.description());
      assertTrue(named.description().endsWith(INT8), named.description());
      assertTrue(wide.description().endsWith("where its attention allows, in f32"), wide::toString);
    }
    double[] auto = decoded(rounded);
    double[] f32 = decoded(rounded.with("cache_precision", "f32"));
    double[] exact = decoded(DEFAULTS);
    assertArrayEquals(decoded(rounded.with("cache_precision", "int8")), auto);
    double size = rootMeanSquare(exact, new double[exact.length]);
    double cache = rootMeanSquare(auto, f32);
    assertTrue(cache > 1e-6 * size, "the cache is not rounded: off by " + cache + " of " + size);
    assertTrue(cache < 0.02 * size, "the cache puts logits off by " + cache + " of " + size);
  }

  @Test
  void weightsAsTheyAreHaveACacheInTheSessionsPrecision() {
    assertArrayEquals(decoded(DEFAULTS.with("cache_precision", "f32")), decoded(DEFAULTS));
    assertArrayEquals(decoded(DEFAULTS), decoded(DEFAULTS.with("cache_precision", "auto")));
    // prompts alone are rounded: what they leave in the cache is read by exact steps
    SessionOptions prompts = DEFAULTS.with("prompt_weights", "int8");
    SessionOptions half =
        DEFAULTS.withPrecision(DType.F16).with("weights", "int8").with("cache_precision", "auto");
    try (Session session = open(TestModels.Gpt.tiny(), prompts);
        Session narrow = open(TestModels.Gpt.tiny(), half)) {
      assertTrue(session.description().endsWith(", in f32"), session.description());
      assertTrue(narrow.description().endsWith(", in f16"), narrow.description());
    }
  }

  @ParameterizedTest
  @CsvSource({"none", "gqa", "opset23"})
  void whereNoKernelWritesTheCacheItStaysAsItIs(String attention) {
    SessionOptions options = DEFAULTS.with("attention", attention).with("weights", "int8");
    try (Session session = open(TestModels.Gpt.tiny(), options)) {
      assertFalse(session.description().contains("in int8"), session.description());
    }
    assertArrayEquals(decoded(options.with("cache_precision", "f32")), decoded(options));
  }

  /** Keys of an encoder's output are in the cache and do not grow: the kernel does not serve it. */
  @Test
  void aModelWhoseCacheTheKernelDoesNotServeDecodesAllTheSame() {
    Map<String, HostTensor> inputs = new LinkedHashMap<>();
    inputs.put("input_ids", HostTensor.of(new long[] {1, 2, 3}, 1, 3));
    inputs.put("attention_mask", HostTensor.of(new boolean[] {true, true, true}, 1, 3));
    inputs.put("decoder_input_ids", HostTensor.of(new long[] {4, 5}, 1, 2));
    SessionOptions options = DEFAULTS.with("weights", "int8");
    try (Session auto = open(TestModels.T5.tiny(), options);
        Session wide = open(TestModels.T5.tiny(), options.with("cache_precision", "f32"));
        Decoding a = auto.decode();
        Decoding b = wide.decode()) {
      Compare.equal("first step", b.next(inputs), a.next(inputs), 0);
      inputs.put("decoder_input_ids", HostTensor.of(new long[] {6}, 1, 1));
      Compare.equal("second step", b.next(inputs), a.next(inputs), 0);
    }
  }
}
