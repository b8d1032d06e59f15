package org.attention4j.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.attention4j.engine.onnx.session.OnnxSession;
import org.attention4j.error.AttentionException;
import org.attention4j.error.DTypeException;
import org.attention4j.error.EngineException;
import org.attention4j.error.ShapeException;
import org.attention4j.error.UsageException;
import org.attention4j.error.WeightsException;
import org.attention4j.op.LayerNormalization;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Engines;
import org.attention4j.spi.Mode;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Device;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;

/**
 * What a session promises: errors that name the fault, threads, memory of the caller's, closing.
 */
class SessionTest {
  private final Program program = Program.of(TestModels.Gpt.tiny());
  private final Weights weights = Parameters.init(program, 2);

  private Session open() {
    return new OnnxEngine().open(program, weights, SessionOptions.defaults());
  }

  private static Map<String, HostTensor> ids(int seed, long batch, long time) {
    return Map.of("input_ids", Compare.random(TensorType.i64(batch, time), 61, new Random(seed)));
  }

  @Test
  void theEngineIsFoundByItsName() {
    Engine engine = Engines.get("onnx");
    assertTrue(engine.version().contains("1.28"), engine.version());
    assertTrue(engine.availability().devices().contains(Device.cpu()));
    assertTrue(
        engine
            .supports(
                new LayerNormalization(1e-5),
                List.of(TensorType.f32("b", 4), TensorType.f32(4), TensorType.f32(4)),
                Mode.INFERENCE)
            .granted());
  }

  @Test
  void severalThreadsMayRunOneSession() throws Exception {
    try (Session session = open()) {
      List<Map<String, HostTensor>> inputs = new ArrayList<>();
      List<HostTensor> expected = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        inputs.add(ids(i, 1 + i, 3 + 2L * i));
        expected.add(Compare.named(session.run(inputs.get(i)), "logits"));
      }
      ExecutorService threads = Executors.newFixedThreadPool(4);
      try {
        List<Future<?>> runs = new ArrayList<>();
        for (int i = 0; i < 80; i++) {
          int n = i % 4;
          runs.add(
              threads.submit(
                  () ->
                      Compare.equal(
                          "thread",
                          expected.get(n),
                          Compare.named(session.run(inputs.get(n)), "logits"),
                          1e-6)));
        }
        for (Future<?> run : runs) {
          run.get();
        }
      } finally {
        threads.shutdown();
      }
    }
  }

  @Test
  void outputsStayAsTheyAreWhateverRunsAfterThem() {
    try (Session session = open()) {
      HostTensor first = Compare.named(session.run(ids(1, 1, 4)), "logits");
      HostTensor copy = first.copy();
      HostTensor second = Compare.named(session.run(ids(2, 1, 4)), "logits");
      assertTrue(first.equalsExactly(copy), "the second run wrote into the first one's outputs");
      assertFalse(first.equalsExactly(second));
      first.set(0, 9.0);
      HostTensor again = Compare.named(session.run(ids(1, 1, 4)), "logits");
      assertEquals(copy.getDouble(0), again.getDouble(0), "an output is the caller's to write");
    }
  }

  @Test
  void moreShapesThanAreRememberedGiveTheSameValues() {
    try (Session session = open()) {
      HostTensor expected = Compare.named(session.run(ids(3, 1, 5)), "logits");
      for (int i = 0; i < 70; i++) { // 64 are remembered
        session.run(ids(1, 1 + i, 2));
      }
      assertTrue(expected.equalsExactly(Compare.named(session.run(ids(3, 1, 5)), "logits")));
      HostTensor large = Compare.named(session.run(ids(4, 40, 20)), "logits"); // lent, not copied
      HostTensor row = Compare.named(session.run(ids(4, 1, 20)), "logits");
      for (int i = 0; i < 20 * 61; i++) {
        assertEquals(row.getDouble(i), large.getDouble(i), 1e-5);
      }
    }
  }

  @Test
  void outputsGoToMemoryOfTheCallers() {
    try (Session session = open()) {
      Map<String, HostTensor> inputs = ids(1, 2, 3);
      HostTensor expected = Compare.named(session.run(inputs), "logits");
      HostTensor mine = HostTensor.zeros(DType.F32, 2, 3, 61);
      ((OnnxSession) session).run(inputs, Map.of("logits", mine));
      Compare.equal("logits", expected, mine, 1e-6);
      HostTensor small = HostTensor.zeros(DType.F32, 2, 3, 60);
      assertThrows(
          ShapeException.class, () -> ((OnnxSession) session).run(inputs, Map.of("logits", small)));
    }
  }

  @Test
  void wrongInputsAreNamed() {
    try (Session session = open()) {
      fails(UsageException.class, session, Map.of(), "'input_ids' is missing");
      fails(UsageException.class, session, Map.of("ids", HostTensor.scalar(1L)), "no input 'ids'");
      fails(
          DTypeException.class,
          session,
          Map.of("input_ids", HostTensor.of(new float[] {1}, 1, 1)),
          "'input_ids' is i64[batch, time], got f32[1, 1]");
      fails(
          ShapeException.class,
          session,
          Map.of("input_ids", HostTensor.of(new long[] {1}, 1)),
          "1 axis, wanted i64[batch, time]");
      fails(
          EngineException.class,
          session,
          Map.of("input_ids", HostTensor.of(new long[] {61}, 1, 1)),
          "61");
    }
  }

  private static void fails(
      Class<? extends AttentionException> type,
      Session session,
      Map<String, HostTensor> inputs,
      String reason) {
    AttentionException e = assertThrows(type, () -> session.run(inputs));
    assertTrue(String.valueOf(e.getMessage()).contains(reason), e.getMessage());
  }

  @Test
  void whatCannotBeServedIsRefusedByName() {
    OnnxEngine engine = new OnnxEngine();
    SessionOptions defaults = SessionOptions.defaults();
    EngineException gpu =
        assertThrows(
            EngineException.class, () -> engine.open(program, weights, defaults.on(Device.gpu(0))));
    assertTrue(String.valueOf(gpu.getMessage()).contains("'cuda', only [cpu]"), gpu.getMessage());
    assertThrows(
        EngineException.class,
        () -> engine.open(program, weights, defaults.withPrecision(DType.BF16)));
    assertThrows(
        UsageException.class, () -> engine.open(program, weights, defaults.with("tracing", "on")));
    UsageException level =
        assertThrows(
            UsageException.class,
            () -> engine.open(program, weights, defaults.with("optimization", "most")));
    assertTrue(String.valueOf(level.getMessage()).contains("none, basic, extended or all"));
    assertThrows(
        WeightsException.class,
        () -> engine.open(program, weights.without("wte.weight"), defaults));
  }

  @Test
  void anOperatorThatIsMissingIsNamedWithItsBlock() {
    Program exact = Program.of(TestModels.T5.tiny()); // GELU by the error function
    Weights start = Parameters.init(exact, 1);
    SessionOptions wide = SessionOptions.defaults().withPrecision(DType.F64);
    EngineException e =
        assertThrows(EngineException.class, () -> new OnnxEngine().open(exact, start, wide));
    assertTrue(String.valueOf(e.getMessage()).contains("at encoder.layers.0"), e.getMessage());
    assertTrue(String.valueOf(e.getMessage()).contains("no Erf for f64"), e.getMessage());
  }

  @Test
  void optionsChangeNothingButSpeed() {
    Map<String, HostTensor> inputs = ids(3, 2, 4);
    try (Session session = open()) {
      HostTensor expected = Compare.named(session.run(inputs), "logits");
      for (String level : List.of("none", "basic", "extended", "all")) {
        SessionOptions options =
            SessionOptions.defaults()
                .withThreads(1)
                .with("optimization", level)
                .with("parallel_operators", "2")
                .with("spinning", "false");
        try (Session other = new OnnxEngine().open(program, weights, options)) {
          Compare.equal(level, expected, Compare.named(other.run(inputs), "logits"), 1e-5);
        }
      }
    }
  }

  @Test
  void otherPrecisionsComeBackAsTheReferenceWouldGiveThem() {
    Map<String, HostTensor> inputs = ids(3, 2, 4);
    try (Session session = open();
        Session half =
            new OnnxEngine()
                .open(program, weights, SessionOptions.defaults().withPrecision(DType.F16));
        Session wide =
            new OnnxEngine()
                .open(program, weights, SessionOptions.defaults().withPrecision(DType.F64))) {
      HostTensor expected = Compare.named(session.run(inputs), "logits");
      HostTensor narrow = Compare.named(half.run(inputs), "logits");
      assertEquals(DType.F32, narrow.dtype());
      Compare.equal("f16", expected, narrow, 0.02);
      try (Decoding decoding = half.decode()) {
        HostTensor decoded = Compare.named(decoding.next(inputs), "logits");
        assertEquals(DType.F32, decoded.dtype());
        Compare.equal("decoded in f16", expected, decoded, 0.02);
      }
      HostTensor precise = Compare.named(wide.run(inputs), "logits");
      assertEquals(DType.F64, precise.dtype());
      Compare.equal("f64", expected, precise, 1e-5);
    }
  }

  @Test
  void observedValuesAreOutputs() {
    SessionOptions options = SessionOptions.defaults().observing(path -> path.equals("h.0.attn"));
    try (Session session = new OnnxEngine().open(program, weights, options)) {
      HostTensor value = Compare.named(session.run(ids(1, 2, 3)), "observed.h.0.attn");
      assertEquals(2 * 3 * 24, value.size());
    }
  }

  @Test
  void aClosedSessionSaysSo() {
    Session session = open();
    Decoding decoding = session.decode();
    decoding.next(ids(1, 1, 2));
    session.close();
    session.close();
    assertThrows(UsageException.class, () -> session.run(ids(1, 1, 2)));
    assertThrows(UsageException.class, () -> decoding.next(ids(1, 1, 1)));
    assertThrows(UsageException.class, session::decode);
    decoding.close();
    assertThrows(UsageException.class, () -> decoding.next(ids(1, 1, 1)));
  }
}
