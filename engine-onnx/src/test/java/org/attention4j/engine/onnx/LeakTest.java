package org.attention4j.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.train.AdamW;
import org.attention4j.train.NextToken;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;

/**
 * Resident memory stays flat after a warm-up. {@code -Dattention4j.leakRuns=10000} runs the length
 * that the project promises.
 */
class LeakTest {
  private static final int RUNS = Integer.getInteger("attention4j.leakRuns", 1000);

  /** The heap may still be growing; a leak of 100 KB a run would be twice as much. */
  private static final long ALLOWED_GROWTH = 64L << 20;

  private final Program program = Program.of(TestModels.Gpt.tiny());
  private final Weights weights = Parameters.init(program, 2);

  private static final SessionOptions OPTIONS = SessionOptions.defaults().withThreads(1);

  private interface Body {
    void run(int i);
  }

  /** Bytes of this process in memory, from Linux's process file system. */
  private static long resident() throws IOException {
    String pages = Files.readString(Path.of("/proc/self/statm")).split(" ", -1)[1];
    return Long.parseLong(pages) * 4096;
  }

  private static void flat(int runs, Body body) throws IOException {
    assumeTrue(
        Files.exists(Path.of("/proc/self/statm")),
        "skipped: resident memory is read from /proc/self/statm, which this system lacks");
    for (int i = 0; i < runs; i++) {
      body.run(i);
    }
    System.gc();
    long before = resident();
    for (int i = 0; i < runs; i++) {
      body.run(i);
    }
    System.gc();
    long growth = resident() - before;
    assertTrue(growth < ALLOWED_GROWTH, (growth >> 20) + " MB more after " + runs + " runs");
  }

  private static Map<String, HostTensor> ids(long batch, long time) {
    return Map.of("input_ids", Compare.random(TensorType.i64(batch, time), 61, new Random(1)));
  }

  @Test
  void runsKeepNothing() throws IOException {
    try (Session session = new OnnxEngine().open(program, weights, OPTIONS)) {
      flat(RUNS, i -> session.run(ids(1 + i % 3, 1 + i % 20)));
    }
  }

  @Test
  void decodingsKeepNothing() throws IOException {
    try (Session session = new OnnxEngine().open(program, weights, OPTIONS)) {
      flat(
          RUNS,
          i -> {
            try (Decoding decoding = session.decode()) {
              decoding.next(ids(2, 3 + i % 5));
              decoding.next(ids(2, 1));
            }
          });
    }
  }

  @Test
  void sessionsKeepNothing() throws IOException {
    flat(RUNS / 20, i -> new OnnxEngine().open(program, weights, OPTIONS).close());
  }

  @Test
  void trainingKeepsNothing() throws IOException {
    Program training = Program.of(new NextToken(TestModels.Gpt.tiny()));
    TrainerOptions options = TrainerOptions.of(AdamW.lr(1e-4)).withThreads(1);
    HostTensor batch = Compare.random(TensorType.i64(2, 4), 61, new Random(1));
    try (Trainer trainer = new OnnxEngine().train(training, weights, options)) {
      flat(
          RUNS > 1000 ? RUNS : RUNS / 4,
          i -> trainer.step(Map.of("input_ids", batch, "targets", batch)));
    }
  }
}
