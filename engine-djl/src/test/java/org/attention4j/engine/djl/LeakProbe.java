package org.attention4j.engine.djl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.HostTensor;
import org.attention4j.train.AdamW;
import org.attention4j.weights.Weights;

/**
 * Prints by how many bytes the resident memory grew: {@code train|run|decode|open STEPS}. Runs in a
 * JVM with a fixed, touched heap, so that only native memory counts.
 */
final class LeakProbe {
  private static final TinyGpt GPT = TinyGpt.small();

  private LeakProbe() {}

  private interface Step {
    void run(int i);
  }

  public static void main(String[] arguments) throws IOException {
    int steps = Integer.parseInt(arguments[1]);
    DjlEngine engine = new DjlEngine();
    Program training = Program.of(GPT.loss());
    Program program = Program.of(GPT);
    Weights weights = Parameters.init(program, 1);
    SessionOptions options = SessionOptions.defaults().withThreads(1);
    TrainerOptions adam = TrainerOptions.of(AdamW.lr(1e-3)).clip(1).withThreads(1);
    Map<String, HostTensor> batch = GPT.batch(1, 2, 8);
    Map<String, HostTensor> prompt = GPT.prompt(1, 1, 4);
    try (Trainer trainer = engine.train(training, weights, adam);
        Session session = engine.open(program, weights, options)) {
      System.out.println(
          grown(
              steps,
              switch (arguments[0]) {
                case "train" ->
                    i -> trainer.step(i % 10 == 0 ? List.of(batch, batch) : List.of(batch));
                case "run" -> i -> session.run(prompt);
                case "decode" -> i -> decode(session, prompt);
                case "open" -> i -> open(engine, program, weights, prompt);
                default -> throw new IllegalArgumentException(arguments[0]);
              }));
    }
  }

  private static void decode(Session session, Map<String, HostTensor> prompt) {
    try (Decoding decoding = session.decode()) {
      decoding.next(prompt);
      decoding.next(prompt);
    }
  }

  private static void open(
      DjlEngine engine, Program program, Weights weights, Map<String, HostTensor> prompt) {
    try (Session session = engine.open(program, weights, SessionOptions.defaults())) {
      session.run(prompt);
    }
  }

  private static long grown(int steps, Step step) throws IOException {
    for (int i = 0; i < steps / 2; i++) {
      step.run(i);
    }
    long before = resident();
    for (int i = 0; i < steps; i++) {
      step.run(i);
    }
    return resident() - before;
  }

  private static long resident() throws IOException {
    for (int i = 0; i < 3; i++) {
      System.gc(); // frees the direct buffers that nothing refers to
    }
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        return 1024 * Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    throw new IOException("no VmRSS in /proc/self/status");
  }
}
