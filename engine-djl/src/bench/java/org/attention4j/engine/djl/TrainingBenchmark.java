package org.attention4j.engine.djl;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.HostTensor;
import org.attention4j.train.AdamW;
import org.attention4j.train.ParameterGroup;
import org.attention4j.train.Schedule;
import org.attention4j.weights.Weights;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A training step against DJL code written by hand for the same model, optimizer and clipping:
 * nanoGPT's CPU setting, 12 sequences of 64.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(3)
@Warmup(iterations = 2, time = 3)
@Measurement(iterations = 3, time = 3)
public class TrainingBenchmark {
  private static final TinyGpt MODEL = new TinyGpt(65, 64, 128, 4, 4, 0);
  private static final double RATE = 1e-3;

  private final List<Map<String, HostTensor>> batches = new ArrayList<>();
  private Trainer trainer;
  private HandWrittenGpt peer;
  private int step;

  /** For JMH; {@link #open} does the work. */
  @SuppressWarnings("NullAway.Init") // JMH calls open() before any benchmark
  public TrainingBenchmark() {}

  /** Opens both on the same weights. */
  @Setup(Level.Trial)
  public void open() {
    Program program = Program.of(MODEL.loss());
    Weights weights = Parameters.init(program, 1);
    AdamW adam =
        AdamW.of(Schedule.constant(RATE))
            .betas(0.9, 0.99)
            .decaying(ParameterGroup.matricesDecay(0.1));
    trainer = new DjlEngine().train(program, weights, TrainerOptions.of(adam).clip(1));
    peer = new HandWrittenGpt(MODEL, weights, RATE);
    for (int i = 0; i < 64; i++) {
      batches.add(MODEL.batch(i, 12, 64));
    }
  }

  private Map<String, HostTensor> next() {
    return batches.get(step++ % batches.size());
  }

  /** Through this library. */
  @Benchmark
  public double attention4j() {
    return trainer.step(next()).loss();
  }

  /** As one would write it with DJL alone. */
  @Benchmark
  public float handWritten() {
    return peer.step(next());
  }

  /** Frees native memory. */
  @TearDown(Level.Trial)
  public void close() {
    trainer.close();
    peer.close();
  }
}
