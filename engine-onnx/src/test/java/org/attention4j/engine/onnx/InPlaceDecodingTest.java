package org.attention4j.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.attention4j.conformance.models.TinyGpt;
import org.attention4j.error.EngineException;
import org.attention4j.error.ShapeException;
import org.attention4j.error.UsageException;
import org.attention4j.nn.Model;
import org.attention4j.reference.ReferenceEngine;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A cache written in place, by the kernel or by GroupQueryAttention, changes no result, and grows
 * when it is full.
 */
class InPlaceDecodingTest {
  private static SessionOptions by(String attention) {
    return SessionOptions.defaults().with("attention", attention);
  }

  private static SessionOptions by(String attention, String cache) {
    return by(attention).with("cache_precision", cache);
  }

  /** Columns {@code from .. to} of [batch, columns]. */
  private static HostTensor columns(HostTensor tensor, int from, int to) {
    int rows = (int) tensor.dim(0);
    HostTensor part = HostTensor.zeros(DType.I64, rows, to - from);
    for (int i = 0; i < part.size(); i++) {
      part.set(i, tensor.getLong(i / (to - from) * tensor.dim(1) + from + i % (to - from)));
    }
    return part;
  }

  /** The logits of columns {@code from .. to} of [batch, time, vocabulary]. */
  private static HostTensor part(HostTensor logits, int from, int to) {
    int vocabulary = (int) logits.dim(2);
    HostTensor part = HostTensor.zeros(DType.F32, logits.dim(0), to - from, vocabulary);
    int width = (to - from) * vocabulary;
    for (int i = 0; i < part.size(); i++) {
      long row = i / width;
      part.set(i, logits.getDouble((row * logits.dim(1) + from) * vocabulary + i % width));
    }
    return part;
  }

  private static HostTensor whole(
      Program program, Weights weights, Map<String, HostTensor> inputs) {
    SessionOptions oracle = SessionOptions.defaults().withPrecision(DType.F64);
    try (Session session = new ReferenceEngine().open(program, weights, oracle)) {
      return Compare.named(session.run(inputs), "logits");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gqa", "flash-cpu", "auto"})
  void stepsOfAnyLengthGiveTheLogitsOfTheWholeText(String attention) {
    // grouped heads of 8 features, turned by position, a window of 3, capped scores
    Program program = Program.of(new TestModels.Llama(47, 32, 2));
    Weights weights = Parameters.init(program, 5);
    HostTensor ids = Compare.random(TensorType.i64(2, 75), 47, new Random(3));
    HostTensor expected = whole(program, weights, Map.of("input_ids", ids));
    try (Session session = new OnnxEngine().open(program, weights, by(attention));
        Decoding decoding = session.decode()) {
      int from = 0;
      for (int to : new int[] {5, 6, 7, 40, 41, 70, 71, 72, 75}) { // 64 slots fill up on the way
        Map<String, HostTensor> outputs =
            decoding.next(Map.of("input_ids", columns(ids, from, to)));
        HostTensor logits = Compare.named(outputs, "logits");
        Compare.equal(from + " to " + to, part(expected, from, to), logits, 1e-4);
        assertEquals(to, decoding.length());
        from = to;
      }
    }
  }

  @Test
  void inInt8ThatIsCloseWhereAModelMagnifiesWhatIsRounded() {
    Program program =
        Program.of(new TestModels.Llama(47, 32, 2)); // logits of 0.11, root mean square
    Weights weights = Parameters.init(program, 5);
    HostTensor ids = Compare.random(TensorType.i64(2, 75), 47, new Random(3));
    HostTensor expected = whole(program, weights, Map.of("input_ids", ids));
    try (Session session = new OnnxEngine().open(program, weights, by("flash-cpu", "int8"));
        Decoding decoding = session.decode()) {
      double squares = 0;
      int from = 0;
      for (int to : new int[] {5, 6, 7, 40, 41, 70, 71, 72, 75}) { // the cache grows on the way
        HostTensor logits =
            Compare.named(decoding.next(Map.of("input_ids", columns(ids, from, to))), "logits");
        HostTensor exact = part(expected, from, to);
        for (long i = 0; i < logits.size(); i++) {
          squares += Math.pow(logits.getDouble(i) - exact.getDouble(i), 2);
        }
        from = to;
      }
      double error = Math.sqrt(squares / expected.size()); // in bf16 it is 0.0034
      assertTrue(error > 1e-4 && error < 0.008, "off by " + error);
    }
  }

  private static Program masked() {
    return Program.of(new TinyGpt(13, 64, 16, 2, 2, 0))
        .with("attention_mask", TensorType.i64("batch", "past+time"))
        .with("position_ids", TensorType.i64("batch", "time"));
  }

  /** Tokens, positions and mask of three rows, the last two padded on the left by 1 and 2. */
  private static Map<String, HostTensor> padded(int time) {
    Map<String, HostTensor> inputs = new LinkedHashMap<>();
    inputs.put("input_ids", Compare.random(TensorType.i64(3, time), 13, new Random(7)));
    HostTensor mask = HostTensor.zeros(DType.I64, 3, time);
    HostTensor positions = HostTensor.zeros(DType.I64, 3, time);
    for (int i = 0; i < mask.size(); i++) {
      int row = i / time;
      int column = i % time;
      mask.set(i, column < row ? 0L : 1L);
      positions.set(i, (long) Math.max(0, column - row));
    }
    inputs.put("attention_mask", mask);
    inputs.put("position_ids", positions);
    return inputs;
  }

  private static Map<String, HostTensor> step(Map<String, HostTensor> all, int from, int to) {
    Map<String, HostTensor> part = new LinkedHashMap<>();
    all.forEach(
        (name, value) ->
            part.put(name, columns(value, name.equals("attention_mask") ? 0 : from, to)));
    return part;
  }

  private static Map<String, HostTensor> rows(Map<String, HostTensor> all, int... rows) {
    Map<String, HostTensor> selected = new LinkedHashMap<>();
    all.forEach(
        (name, value) -> {
          HostTensor part = HostTensor.zeros(DType.I64, rows.length, value.dim(1));
          for (int i = 0; i < part.size(); i++) {
            long row = rows[i / (int) value.dim(1)];
            part.set(i, value.getLong(row * value.dim(1) + i % value.dim(1)));
          }
          selected.put(name, part);
        });
    return selected;
  }

  @ParameterizedTest
  @CsvSource({"gqa, f32, 1e-4", "flash-cpu, f32, 1e-4", "flash-cpu, int8, 1e-2"})
  void paddingOnTheLeftIsNotSeenAndRowsMayBeChosen(String attention, String cache, double most) {
    Program program = masked();
    Weights weights = Parameters.init(program, 6);
    Map<String, HostTensor> all = padded(9);
    Map<String, HostTensor> chosen = rows(all, 2, 0, 2, 1);
    HostTensor expected = whole(program, weights, all);
    HostTensor after = whole(program, weights, chosen);
    try (Session session = new OnnxEngine().open(program, weights, by(attention, cache));
        Decoding decoding = session.decode()) {
      HostTensor first = Compare.named(decoding.next(step(all, 0, 5)), "logits");
      Compare.equal("prompt", part(expected, 0, 5), first, most);
      decoding.select(2, 0, 2, 1);
      for (int t = 5; t < 9; t++) {
        HostTensor next = Compare.named(decoding.next(step(chosen, t, t + 1)), "logits");
        Compare.equal("step " + t, part(after, t, t + 1), next, most);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gqa", "flash-cpu"})
  void promptsOfAnyLengthFillTheCache(String attention) {
    Program program = masked();
    Weights weights = Parameters.init(program, 6);
    Map<String, HostTensor> all = padded(60);
    Map<String, HostTensor> chosen = rows(all, 1, 1, 2);
    HostTensor expected = whole(program, weights, all);
    HostTensor after = whole(program, weights, chosen);
    for (int prompt : new int[] {31, 32, 50}) {
      try (Session session = new OnnxEngine().open(program, weights, by(attention));
          Decoding decoding = session.decode()) {
        HostTensor first = Compare.named(decoding.next(step(all, 0, prompt)), "logits");
        Compare.equal("prompt of " + prompt, part(expected, 0, prompt), first, 1e-4);
        assertEquals(prompt, decoding.length());
        decoding.select(1, 1, 2);
        for (int t = prompt; t < prompt + 4; t++) {
          HostTensor next = Compare.named(decoding.next(step(chosen, t, t + 1)), "logits");
          Compare.equal("step " + t, part(after, t, t + 1), next, 1e-4);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gqa", "flash-cpu"})
  void aPromptMayHaveWeightsInAnotherFormat(String attention) {
    Program program = masked();
    Weights weights = Parameters.init(program, 6);
    Map<String, HostTensor> all = padded(40);
    HostTensor expected = whole(program, weights, all);
    SessionOptions options = by(attention).with("prompt_weights", "int8_dynamic");
    try (Session session = new OnnxEngine().open(program, weights, options);
        Decoding decoding = session.decode()) {
      assertTrue(
          session.description().contains("those of prompts as int8_dynamic"),
          session.description());
      HostTensor logits = Compare.named(decoding.next(step(all, 0, 39)), "logits");
      double off = worst(part(expected, 0, 39), logits);
      assertTrue(off > 1e-5 && off < 0.1, "rounded to 8 bits, and so off by " + off);
      HostTensor next = Compare.named(decoding.next(step(all, 39, 40)), "logits");
      double offNext = worst(part(expected, 39, 40), next);
      assertTrue(offNext > 0 && offNext < 0.1, "reads rounded keys and values, off by " + offNext);
    }
  }

  private static double worst(HostTensor expected, HostTensor got) {
    double worst = 0;
    for (long i = 0; i < expected.size(); i++) {
      worst = Math.max(worst, Math.abs(expected.getDouble(i) - got.getDouble(i)));
    }
    return worst;
  }

  @ParameterizedTest
  @ValueSource(strings = {"gqa", "flash-cpu"})
  void aMaskThatDoesNotCoverThePastIsRefused(String attention) {
    Program program = masked();
    Weights weights = Parameters.init(program, 6);
    Map<String, HostTensor> all = padded(6);
    try (Session session = new OnnxEngine().open(program, weights, by(attention));
        Decoding decoding = session.decode()) {
      decoding.next(step(all, 0, 4));
      Map<String, HostTensor> wrong = step(all, 4, 5);
      wrong.put("attention_mask", columns(Compare.named(wrong, "attention_mask"), 0, 3));
      assertThrows(ShapeException.class, () -> decoding.next(wrong));
      assertEquals(4, decoding.length());
      decoding.next(step(all, 4, 5));
      assertEquals(5, decoding.length());
    }
  }

  @ParameterizedTest
  @CsvSource({"f32, 0, 2e-6", "f16, 1e-6, 2e-5", "bf16, 1e-5, 2e-4", "int8, 1e-5, 2e-4"})
  void severalTextsGoOnBySeveralTokensOverACacheOfAnyType(String cache, double least, double most) {
    Program program = masked();
    Weights weights = Parameters.init(program, 6);
    Map<String, HostTensor> all = padded(60);
    HostTensor expected = whole(program, weights, all);
    SessionOptions options = by("flash-cpu", cache);
    try (Session session = new OnnxEngine().open(program, weights, options);
        Decoding decoding = session.decode()) {
      assertTrue(
          session.description().endsWith("where its attention allows, in " + cache),
          session.description());
      double worst = 0;
      int from = 0;
      for (int to : new int[] {5, 40, 41, 47, 60}) {
        HostTensor logits = Compare.named(decoding.next(step(all, from, to)), "logits");
        worst = Math.max(worst, worst(part(expected, from, to), logits));
        from = to;
      }
      assertTrue(worst < most, "off by " + worst);
      assertTrue(worst > least, "not rounded: off by only " + worst);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "gqa, bf16, and attention is 'gqa'",
    "gqa, int8, and attention is 'gqa'",
    "none, f16, and there is none: asked for",
    "opset23, f16, and there is none: asked for"
  })
  void aRoundedCacheWithoutTheKernelIsAnError(String attention, String cache, String reason) {
    Program program = masked();
    SessionOptions options = by(attention, cache);
    EngineException refused =
        assertThrows(
            EngineException.class,
            () -> new OnnxEngine().open(program, Parameters.init(program, 1), options).close());
    assertEquals(
        "cache_precision '"
            + cache
            + "' cannot be used: only the kernel writes such a cache, "
            + reason
            + "; available: f32",
        refused.getMessage());
  }

  @Test
  void aCacheOfAnUnknownTypeIsAnError() {
    Program program = masked();
    SessionOptions options = SessionOptions.defaults().with("cache_precision", "i8");
    UsageException refused =
        assertThrows(
            UsageException.class,
            () -> new OnnxEngine().open(program, Parameters.init(program, 1), options).close());
    assertEquals(
        "cache_precision is one of [auto, f32, f16, bf16, int8] for a session in f32, not 'i8'",
        refused.getMessage());
  }

  @Test
  void askedForByNameWhereItCannotServeItIsAnError() {
    Model model = TestModels.Llama.tiny(); // heads of 4 features
    Program program = Program.of(model);
    try (Session session = new OnnxEngine().open(program, Parameters.init(program, 1), by("gqa"))) {
      EngineException refused = assertThrows(EngineException.class, session::decode);
      assertTrue(String.valueOf(refused.getMessage()).contains("multiple of 8"), refused::toString);
    }
  }
}
