package org.attention4j.models.bench;

import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.attention4j.models.family.Gpt;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Engines;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.spi.StepResult;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.HostTensor;
import org.attention4j.train.AdamW;
import org.attention4j.weights.Weights;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** nanoGPT's CPU setting on each engine: one training step, one run, 16 tokens through the cache. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 3)
@Measurement(iterations = 3, time = 3)
public class EngineBenchmark {
  private static final int VOCABULARY = 65;
  private static final int CONTEXT = 64;
  private static final int BATCH = 12;
  private static final int PROMPT = 16;

  /** The engine's name. */
  @Param({"djl", "onnx"})
  public String engine = "djl";

  private Trainer trainer;
  private Session session;
  private Map<String, HostTensor> batch;
  private Map<String, HostTensor> tokens;
  private Map<String, HostTensor> prompt;

  /** For JMH; {@link #open} does the work. */
  @SuppressWarnings("NullAway.Init") // JMH calls open() before any benchmark
  public EngineBenchmark() {}

  /** Opens the model on the engine. */
  @Setup(Level.Trial)
  public void open() {
    Gpt model = Gpt.nano(VOCABULARY, CONTEXT, 128, 4, 4, 0);
    Program lessons = Program.of(model.trainable());
    Weights weights = Parameters.init(lessons, 1);
    Engine chosen = Engines.get(engine);
    trainer = chosen.train(lessons, weights, TrainerOptions.of(AdamW.lr(1e-3)).clip(1));
    session = chosen.open(Program.of(model), weights, SessionOptions.defaults());
    HostTensor ids = random(BATCH, CONTEXT);
    tokens = Map.of("input_ids", ids);
    batch = Map.of("input_ids", ids, "targets", random(BATCH, CONTEXT));
    prompt = Map.of("input_ids", random(1, PROMPT));
  }

  private static HostTensor random(int rows, int columns) {
    long[] ids = new Random(1).longs((long) rows * columns, 0, VOCABULARY).toArray();
    return HostTensor.of(ids, rows, columns);
  }

  /** Forward, backward and AdamW over 12 sequences of 64. */
  @Benchmark
  public StepResult trainingStep() {
    return trainer.step(batch);
  }

  /** Logits of 12 sequences of 64. */
  @Benchmark
  public Map<String, HostTensor> run() {
    return session.run(tokens);
  }

  /** A prompt of 16 tokens, then 16 single ones. */
  @Benchmark
  public long decode() {
    try (Decoding decoding = session.decode()) {
      decoding.next(prompt);
      Map<String, HostTensor> next = Map.of("input_ids", HostTensor.of(new long[] {1}, 1, 1));
      for (int i = 0; i < 16; i++) {
        decoding.next(next);
      }
      return decoding.length();
    }
  }

  /** Frees native memory. */
  @TearDown(Level.Trial)
  public void close() {
    trainer.close();
    session.close();
  }
}
