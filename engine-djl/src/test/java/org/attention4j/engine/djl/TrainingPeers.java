package org.attention4j.engine.djl;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.HostTensor;
import org.attention4j.train.AdamW;
import org.attention4j.train.ParameterGroup;
import org.attention4j.train.Schedule;
import org.attention4j.weights.Weights;

/**
 * Time of one training step in nanoGPT's CPU setting: this library, hand-written DJL, and PyTorch's
 * own eager loop, in turn, from the same weights and (the first two) batches. Prints medians and
 * the ratios.
 *
 * <pre>mvn -Pbench-training -DskipTests -pl engine-djl -am verify -Dbench.arguments="5 60 python3"
 * </pre>
 *
 * <p>Arguments: rounds, steps a round, and optionally a Python that has torch.
 */
final class TrainingPeers {
  private static final TinyGpt GPT = new TinyGpt(65, 64, 128, 4, 4, 0);
  private static final double RATE = 1e-3;

  private TrainingPeers() {}

  public static void main(String[] arguments) throws IOException, InterruptedException {
    int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 5;
    int steps = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 60;
    Program program = Program.of(GPT.loss());
    Weights weights = Parameters.init(program, 1);
    AdamW adam =
        AdamW.of(Schedule.constant(RATE))
            .betas(0.9, 0.99)
            .decaying(ParameterGroup.matricesDecay(0.1));
    List<Double> ours = new ArrayList<>();
    List<Double> hand = new ArrayList<>();
    List<Double> python = new ArrayList<>();
    PyTorch.start();
    try (Trainer trainer =
            new DjlEngine().train(program, weights, TrainerOptions.of(adam).clip(1));
        HandWrittenGpt peer = new HandWrittenGpt(GPT, weights, RATE)) {
      run(20, 0, b -> trainer.step(b).loss(), new ArrayList<>());
      run(20, 0, peer::step, new ArrayList<>());
      for (int round = 1; round <= rounds; round++) {
        double a = run(steps, round, b -> trainer.step(b).loss(), ours);
        double b = run(steps, round, peer::step, hand);
        System.out.printf(Locale.ROOT, "round %d: losses %.6f and %.6f%n", round, a, b);
        if (arguments.length > 2) {
          python.add(python(arguments[2], steps));
        }
      }
    }
    report("attention4j", ours, ours);
    report("hand-written DJL", hand, ours);
    if (!python.isEmpty()) {
      report("PyTorch eager (medians of rounds)", python, ours);
    }
  }

  private static double run(
      int steps, int round, ToDoubleFunction<Map<String, HostTensor>> step, List<Double> times) {
    double loss = 0;
    for (int i = 0; i < steps; i++) {
      Map<String, HostTensor> batch = GPT.batch(1000L * round + i, 12, 64);
      long start = System.nanoTime();
      loss = step.applyAsDouble(batch);
      times.add((System.nanoTime() - start) / 1e6);
    }
    return loss;
  }

  private static double python(String command, int steps) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                command, "src/bench/nanogpt_torch.py", "--iterations", Integer.toString(steps))
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(output);
    }
    return Double.parseDouble(output.replaceAll("(?s).*\"median_ms\": ([0-9.]+).*", "$1"));
  }

  private static void report(String name, List<Double> times, List<Double> ours) {
    System.out.printf(
        Locale.ROOT,
        "%-34s median %7.3f ms, best %7.3f ms, attention4j takes %.3f of it%n",
        name,
        median(times),
        Collections.min(times),
        median(ours) / median(times));
  }

  private static double median(List<Double> times) {
    List<Double> sorted = times.stream().sorted().toList();
    return sorted.get(sorted.size() / 2);
  }
}
