package org.attention4j.models.hostile;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.attention4j.error.AttentionException;
import org.jspecify.annotations.Nullable;

/**
 * Damages one file of a directory again and again, and opens the directory each time. It must open,
 * or fail with an exception of ours that names the directory; quickly, and without taking much more
 * memory than the undamaged one.
 *
 * @param original the directory, undamaged
 * @param file the one to damage, relative to it
 */
record Attack(Path original, String file, Mutator mutator, Target target) {
  /** How many of each kind; a property makes it more. */
  private static final int ROUNDS = Integer.getInteger("attention4j.mutations", 100);

  /** For a process that may not live to report. */
  private static final boolean TELLS = Boolean.getBoolean("attention4j.mutations.tell");

  /** To go on after a seed that ended the process. */
  private static final int FIRST = Integer.getInteger("attention4j.mutations.first", 0);

  private static final long MAX_NANOS = 2_000_000_000L;
  private static final long MAX_BYTES = 64L << 20;
  private static final long HANGS_MILLIS = 20_000;
  private static final int MAX_MESSAGE = 100_000;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** Opens a directory, and uses what it holds where that is cheap. */
  @FunctionalInterface
  interface Target {
    void open(Path directory) throws IOException;
  }

  /** The rounds of each kind of file. */
  static int rounds() {
    return ROUNDS;
  }

  /** Runs as many rounds as asked for, and fails with all that went wrong. */
  static void run(Path scratch, int rounds, List<Attack> attacks) throws IOException {
    List<String> failures = new ArrayList<>();
    int refused = 0;
    for (int i = 0; i < attacks.size(); i++) {
      Attack attack = attacks.get(i);
      Path directory = Files.createDirectories(scratch.resolve("hostile-" + i));
      attack.copyTo(directory);
      attack.target.open(directory); // loads classes, and shows that the original is sound
      for (int round = FIRST + i; round < FIRST + rounds; round += attacks.size()) {
        refused += attack.round(directory, round, failures) ? 1 : 0;
      }
    }
    assertTrue(failures.isEmpty(), () -> report(failures));
    assertTrue(refused > rounds / 20, "only " + refused + " refused: this proves nothing");
    assertTrue(refused < rounds, "all were refused: this proves nothing");
  }

  private static String report(List<String> failures) {
    Map<String, Integer> counts = new LinkedHashMap<>();
    failures.forEach(f -> counts.merge(f.replaceFirst("(?s).* -> ", ""), 1, Integer::sum));
    List<String> first = failures.subList(0, Math.min(20, failures.size()));
    return failures.size() + " failures, of which " + counts + ":\n" + String.join("\n", first);
  }

  private void copyTo(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(original)) {
      for (Path source : files.filter(Files::isRegularFile).toList()) {
        Path copy = directory.resolve(original.relativize(source).toString());
        Files.createDirectories(Objects.requireNonNull(copy.getParent()));
        Files.write(copy, Files.readAllBytes(source));
      }
    }
  }

  /** Whether it was refused. */
  private boolean round(Path directory, int seed, List<String> failures) throws IOException {
    byte[] sound = Files.readAllBytes(original.resolve(file));
    Mutation mutation = mutator.mutate(sound, new Random(seed));
    if (TELLS) {
      System.out.println(
          "next: " + original + "/" + file + ", seed " + seed + ": " + mutation.what());
    }
    Path damaged = directory.resolve(file);
    Files.delete(damaged); // the last one may still be mapped
    Files.write(damaged, mutation.bytes());
    Outcome outcome = watched(directory);
    String problem = problem(directory, outcome, mutation.bytes().length);
    if (problem != null) {
      failures.add(
          original + "/" + file + ", seed " + seed + ": " + mutation.what() + " -> " + problem);
    }
    return outcome.thrown instanceof AttentionException;
  }

  /**
   * What came of one attempt.
   *
   * @param nanos of processor time
   * @param bytes allocated, whether or not they are in use at the end
   */
  private record Outcome(@Nullable Throwable thrown, long nanos, long bytes) {}

  /** In a thread of its own, which is left alone if it does not come to an end. */
  private Outcome watched(Path directory) {
    AtomicReference<@Nullable Outcome> outcome = new AtomicReference<>();
    Thread thread = new Thread(() -> outcome.set(attempt(directory)), "attack");
    thread.setDaemon(true);
    thread.start();
    try {
      thread.join(HANGS_MILLIS);
    } catch (InterruptedException e) {
      throw new AssertionError("nobody interrupts this", e);
    }
    Outcome found = outcome.get();
    if (found != null) {
      return found;
    }
    Throwable hang = new AssertionError("no end after " + HANGS_MILLIS + " ms");
    hang.setStackTrace(thread.getStackTrace());
    return new Outcome(hang, 0, 0);
  }

  private Outcome attempt(Path directory) {
    long thread = Thread.currentThread().getId();
    long bytes = THREADS.getThreadAllocatedBytes(thread);
    long nanos = THREADS.getCurrentThreadCpuTime();
    Throwable thrown = null;
    try {
      target.open(directory);
    } catch (Throwable e) { // errors are what this looks for
      thrown = e;
    }
    return new Outcome(
        thrown,
        THREADS.getCurrentThreadCpuTime() - nanos,
        THREADS.getThreadAllocatedBytes(thread) - bytes);
  }

  private static @Nullable String problem(Path directory, Outcome outcome, int length) {
    Throwable thrown = outcome.thrown;
    if (thrown != null && !(thrown instanceof AttentionException)) {
      return thrown + where(thrown);
    }
    String message = thrown == null ? "" : String.valueOf(thrown.getMessage());
    if (thrown != null && !message.contains(String.valueOf(directory))) {
      return "does not name the file: " + message + where(thrown);
    }
    if (message.length() > MAX_MESSAGE) {
      return "a message of " + message.length() + " characters";
    }
    if (outcome.nanos > MAX_NANOS) {
      return "took " + outcome.nanos / 1_000_000 + " ms; " + message;
    }
    return outcome.bytes > MAX_BYTES + 60L * length
        ? "allocated " + (outcome.bytes >> 20) + " MiB; " + message
        : null;
  }

  private static String where(Throwable thrown) {
    return Stream.of(thrown.getStackTrace())
        .filter(frame -> frame.getClassName().startsWith("org.attention4j"))
        .limit(3)
        .map(frame -> " at " + frame.getFileName() + ":" + frame.getLineNumber())
        .reduce("", String::concat);
  }
}
