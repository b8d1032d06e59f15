package org.attention4j.engine.djl;

import static org.attention4j.engine.djl.TinyGpt.get;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.attention4j.error.DTypeException;
import org.attention4j.error.EngineException;
import org.attention4j.error.ShapeException;
import org.attention4j.error.UsageException;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Engines;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Device;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Inference on PyTorch: runs, decodings, threads, and what is refused. */
class DjlSessionTest {
  private static final TinyGpt GPT = TinyGpt.small();
  private static final Program PROGRAM = Program.of(GPT);
  private static final Weights WEIGHTS = Parameters.init(PROGRAM, 3);

  // tiny operations on one thread: two that wait for each other are slow on a busy machine
  private static final SessionOptions CPU = SessionOptions.defaults().withThreads(1);

  private static Session open(SessionOptions options) {
    return Engines.get("djl").open(PROGRAM, WEIGHTS, options);
  }

  private static float[] logits(Map<String, HostTensor> outputs) {
    return get(outputs, "logits").toFloatArray();
  }

  @Test
  void theEngineIsFoundByItsName() {
    assertTrue(Engines.names().contains("djl"));
    assertTrue(Engines.get("djl").availability().devices().contains(Device.cpu()));
  }

  @Test
  void batchAndTimeAreFree() {
    try (Session session = open(CPU)) {
      for (int[] size : new int[][] {{1, 1}, {2, 7}, {3, 16}, {0, 4}}) {
        HostTensor logits = get(session.run(GPT.prompt(1, size[0], size[1])), "logits");
        assertArrayEquals(new long[] {size[0], size[1], GPT.vocabulary()}, logits.shape());
      }
    }
  }

  @Test
  void decodingWithTheCacheGivesWhatARunGives() {
    try (Session session = open(CPU)) {
      long[] ids = get(GPT.prompt(5, 2, 12), "input_ids").toLongArray(); // [2, 12]
      HostTensor whole = get(session.run(Map.of("input_ids", HostTensor.of(ids, 2, 12))), "logits");
      try (Decoding decoding = session.decode()) {
        int at = 0;
        for (int length : new int[] {5, 1, 1, 3, 2}) {
          HostTensor rows =
              get(decoding.next(Map.of("input_ids", columns(ids, at, length))), "logits");
          at += length;
          assertEquals(at, decoding.length());
          for (int b = 0; b < 2; b++) {
            for (int i = 0; i < length * GPT.vocabulary(); i++) {
              double wanted = whole.getDouble(((long) b * 12 + at - length) * GPT.vocabulary() + i);
              double got = rows.getDouble((long) b * length * GPT.vocabulary() + i);
              assertEquals(wanted, got, 1e-5, "row " + b + " from slot " + (at - length));
            }
          }
        }
      }
    }
  }

  private static HostTensor columns(long[] ids, int from, int length) {
    long[] part = new long[2 * length];
    for (int b = 0; b < 2; b++) {
      System.arraycopy(ids, b * 12 + from, part, b * length, length);
    }
    return HostTensor.of(part, 2, length);
  }

  @Test
  void theSameInputGivesTheSameBits() {
    try (Session session = open(CPU)) {
      float[] first = logits(session.run(GPT.prompt(1, 2, 8)));
      for (int i = 0; i < 5; i++) {
        assertArrayEquals(first, logits(session.run(GPT.prompt(1, 2, 8))));
      }
    }
  }

  @Test
  void precisionsAgree() {
    Map<String, HostTensor> prompt = GPT.prompt(1, 2, 8);
    try (Session f32 = open(CPU);
        Session f64 = open(CPU.withPrecision(DType.F64));
        Session bf16 = open(CPU.withPrecision(DType.BF16))) {
      assertEquals(DType.F64, get(f64.run(prompt), "logits").dtype());
      assertEquals(DType.F32, get(bf16.run(prompt), "logits").dtype());
      assertArrayEquals(logits(f64.run(prompt)), logits(f32.run(prompt)), 1e-6f);
      assertArrayEquals(logits(f64.run(prompt)), logits(bf16.run(prompt)), 2e-3f);
    }
  }

  @Test
  void sessionsAndRunsWorkInSeveralThreadsAtOnce() throws Exception {
    try (Session a = open(CPU);
        Session b = open(CPU.withThreads(2))) {
      float[] wanted = logits(a.run(GPT.prompt(1, 2, 8)));
      ExecutorService pool = Executors.newFixedThreadPool(4);
      try {
        Callable<float[]> task =
            () -> {
              float[] last = wanted;
              for (int i = 0; i < 50; i++) {
                last = logits((i % 2 == 0 ? a : b).run(GPT.prompt(1, 2, 8)));
                assertArrayEquals(wanted, last, 1e-6f);
              }
              return last;
            };
        for (Future<float[]> future : pool.invokeAll(List.of(task, task, task, task))) {
          assertEquals(wanted.length, future.get().length);
        }
      } finally {
        pool.shutdown();
      }
    }
  }

  @Test
  void closingWhileOthersRunIsAnErrorForThemAndNoCrash() throws Exception {
    for (int round = 0; round < 5; round++) {
      Session session = open(CPU);
      ExecutorService pool = Executors.newFixedThreadPool(3);
      try {
        Callable<Integer> task =
            () -> {
              for (int i = 0; ; i++) {
                try {
                  session.run(GPT.prompt(1, 2, 8));
                } catch (UsageException e) {
                  return i;
                }
              }
            };
        List<Future<Integer>> runs = List.of(pool.submit(task), pool.submit(task));
        session.run(GPT.prompt(1, 1, 1));
        session.close();
        for (Future<Integer> run : runs) {
          assertTrue(run.get() >= 0);
        }
      } finally {
        pool.shutdown();
      }
    }
  }

  @Test
  void weightsMappedFromAFileAreReadInPlace(@TempDir Path folder) {
    Path file = folder.resolve("model.safetensors");
    Weights halves = WEIGHTS.map((name, tensor) -> tensor.cast(DType.BF16));
    for (Weights saved : List.of(WEIGHTS, halves)) {
      saved.save(file);
      Weights mapped = Weights.load(file);
      assertTrue(mapped.get("wte.weight").isReadOnly());
      Engine engine = Engines.get("djl");
      try (Session expected = engine.open(PROGRAM, saved, CPU);
          Session session = engine.open(PROGRAM, mapped, CPU)) {
        assertArrayEquals(
            logits(expected.run(GPT.prompt(1, 2, 8))), logits(session.run(GPT.prompt(1, 2, 8))));
      }
    }
  }

  @Test
  void theVersionIsThatOfTheLibraries() {
    String version = Engines.get("djl").version();
    assertTrue(version.contains("PyTorch " + PyTorch.start().version()), version);
    assertTrue(version.contains("DJL " + ai.djl.engine.Engine.getDjlVersion()), version);
  }

  @Test
  void observedPathsAreReturned() {
    SessionOptions options = CPU.observing(path -> path.equals("h.1.attn"));
    try (Session session = open(options)) {
      HostTensor seen = get(session.run(GPT.prompt(1, 2, 8)), "observed.h.1.attn");
      assertArrayEquals(new long[] {2, 8, GPT.width()}, seen.shape());
    }
  }

  @Test
  void whatDoesNotFitIsRefusedWithItsReason() {
    EngineException gpu = assertThrows(EngineException.class, () -> open(CPU.on(Device.gpu(0))));
    assertTrue(String.valueOf(gpu.getMessage()).contains("available: cpu"), gpu::getMessage);
    assertThrows(EngineException.class, () -> open(CPU.withPrecision(DType.F16)));
    assertThrows(UsageException.class, () -> open(CPU.with("speed", "9")));
    try (Session session = open(CPU)) {
      assertThrows(UsageException.class, () -> session.run(Map.of()));
      assertThrows(
          UsageException.class,
          () -> session.run(Map.of("ids", HostTensor.of(new long[] {1}, 1, 1))));
      assertThrows(
          ShapeException.class,
          () -> session.run(Map.of("input_ids", HostTensor.of(new long[] {1}, 1))));
      assertThrows(
          DTypeException.class,
          () -> session.run(Map.of("input_ids", HostTensor.of(new float[] {1}, 1, 1))));
      EngineException outside =
          assertThrows(
              EngineException.class,
              () -> session.run(Map.of("input_ids", HostTensor.of(new long[] {-1}, 1, 1))));
      assertTrue(String.valueOf(outside.getMessage()).contains("Gather"), outside::getMessage);
      EngineException tooLong =
          assertThrows(EngineException.class, () -> session.run(GPT.prompt(1, 1, 17)));
      assertTrue(String.valueOf(tooLong.getMessage()).contains("Gather"), tooLong::getMessage);
    }
    Session closed = open(CPU);
    Decoding decoding = closed.decode();
    closed.close();
    closed.close();
    assertThrows(UsageException.class, () -> closed.run(GPT.prompt(1, 1, 1)));
    assertThrows(UsageException.class, () -> decoding.next(GPT.prompt(1, 1, 1)));
    decoding.close();
  }

  @Test
  void weightsAreReadInPlaceAndStayWhenTheCallerForgetsThem() {
    Session session;
    float[] wanted;
    {
      Weights own = WEIGHTS.copied();
      session = Engines.get("djl").open(PROGRAM, own, CPU);
      wanted = logits(session.run(GPT.prompt(1, 2, 8)));
    }
    for (int i = 0; i < 3; i++) {
      System.gc();
      float[] garbage = new float[1 << 20];
      Arrays.fill(garbage, i);
    }
    try (session) {
      assertArrayEquals(wanted, logits(session.run(GPT.prompt(1, 2, 8))));
    }
  }
}
