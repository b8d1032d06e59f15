package org.attention4j.conformance.behaviour;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.attention4j.conformance.Bench;
import org.attention4j.conformance.Check;
import org.attention4j.conformance.Suite;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Mode;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;

/** Sessions on several threads: a session is thread-safe unless its description says otherwise. */
public final class ConcurrencyChecks {
  private static final int THREADS = 4;
  private static final int RUNS = 12;
  private static final double CLOSE = 1e-4;

  /** What a description says if the session is not thread-safe. */
  private static final String ONE_THREAD = "one thread at a time";

  private ConcurrencyChecks() {}

  /** All of them. */
  public static List<Check> all() {
    return List.of(
        check("one-session", ConcurrencyChecks::oneSession),
        check("a-session-each", ConcurrencyChecks::sessionEach),
        check("decodings-of-one-session", ConcurrencyChecks::decodings));
  }

  private static Check check(String name, Behaviour.Probe probe) {
    return new Behaviour("concurrency/" + name, Suite.CONCURRENCY, Mode.INFERENCE, probe);
  }

  /** Runs jobs at once; the first problem that one reports. */
  private static String together(List<Callable<String>> jobs) {
    ExecutorService pool = Executors.newFixedThreadPool(THREADS);
    try {
      for (Future<String> job : pool.invokeAll(jobs)) {
        String problem = job.get();
        if (!problem.isEmpty()) {
          return problem;
        }
      }
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "interrupted";
    } catch (ExecutionException e) {
      return "a thread failed: " + e.getCause();
    } finally {
      pool.shutdownNow();
    }
  }

  private static void requireThreadSafe(Session session) {
    if (session.description().contains(ONE_THREAD)) {
      throw new Behaviour.Skip("its sessions serve " + ONE_THREAD);
    }
  }

  private static String oneSession(Bench bench) {
    Program program = Fixture.gpt();
    Weights weights = Fixture.weights(program, bench.seed());
    try (Session session = Fixture.open(bench.engine(), program, weights)) {
      requireThreadSafe(session);
      List<Callable<String>> jobs = new ArrayList<>();
      for (int i = 0; i < THREADS * RUNS; i++) {
        Map<String, HostTensor> prompt =
            Fixture.prompt(new Random(bench.seed() + i), 1 + i % 3, 1 + i % 7);
        Map<String, HostTensor> truth = Fixture.truth(program, weights, prompt);
        jobs.add(() -> Fixture.far(truth, session.run(prompt), CLOSE));
      }
      return together(jobs);
    }
  }

  private static String sessionEach(Bench bench) {
    Program program = Fixture.gpt();
    List<Callable<String>> jobs = new ArrayList<>();
    for (int i = 0; i < THREADS * 2; i++) {
      Weights weights = Fixture.weights(program, bench.seed() + i);
      Map<String, HostTensor> prompt = Fixture.prompt(new Random(bench.seed() + i), 2, 5);
      Map<String, HostTensor> truth = Fixture.truth(program, weights, prompt);
      jobs.add(
          () -> {
            try (Session session = Fixture.open(bench.engine(), program, weights)) {
              return Fixture.far(truth, session.run(prompt), CLOSE);
            }
          });
    }
    return together(jobs);
  }

  private static String decodings(Bench bench) {
    Program program = Fixture.gpt();
    Weights weights = Fixture.weights(program, bench.seed());
    try (Session session = Fixture.open(bench.engine(), program, weights)) {
      requireThreadSafe(session);
      List<Callable<String>> jobs = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        Random random = new Random(bench.seed() + i);
        List<Map<String, HostTensor>> expected = new ArrayList<>();
        List<Map<String, HostTensor>> steps = new ArrayList<>();
        for (int step = 0; step < RUNS; step++) {
          steps.add(Fixture.prompt(random, 1, 1));
        }
        try (Decoding alone = session.decode()) {
          steps.forEach(step -> expected.add(alone.next(step)));
        }
        jobs.add(() -> follow(session, steps, expected));
      }
      return together(jobs);
    }
  }

  private static String follow(
      Session session,
      List<Map<String, HostTensor>> steps,
      List<Map<String, HostTensor>> expected) {
    try (Decoding decoding = session.decode()) {
      for (int i = 0; i < steps.size(); i++) {
        String far = Fixture.far(expected.get(i), decoding.next(steps.get(i)), CLOSE);
        if (!far.isEmpty()) {
          return "token " + i + ": " + far;
        }
      }
      return "";
    }
  }
}
