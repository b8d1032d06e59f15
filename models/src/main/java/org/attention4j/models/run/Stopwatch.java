package org.attention4j.models.run;

import java.util.Arrays;

/** Medians of repeated runs. */
public final class Stopwatch {
  private static final int WARM_UP = 3;

  private Stopwatch() {}

  /**
   * What was measured.
   *
   * @param runs how many
   */
  public record Times(int runs, double medianSeconds, double leastSeconds) {}

  /** Runs a task a few times unmeasured, then until the time is over, but at least three times. */
  public static Times measure(Runnable task, double seconds) {
    for (int i = 0; i < WARM_UP; i++) {
      task.run();
    }
    double[] times = new double[100_000];
    int runs = 0;
    long end = System.nanoTime() + (long) (seconds * 1e9);
    while (runs < times.length && (runs < 3 || System.nanoTime() < end)) {
      long before = System.nanoTime();
      task.run();
      times[runs++] = (System.nanoTime() - before) / 1e9;
    }
    double[] sorted = Arrays.copyOf(times, runs);
    Arrays.sort(sorted);
    return new Times(runs, sorted[runs / 2], sorted[0]);
  }
}
