package org.attention4j.engine.onnx;

import ai.onnxruntime.OrtException;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Times peers by turns; with {@code processorTime} that of this thread, which a busy machine
 * disturbs less.
 */
record Turns(int rounds, boolean processorTime) {
  private static final long REST_MILLIS = 12;
  private static final long WARM_NANOS = 20_000_000;

  /** One run of a peer. */
  interface Run {
    void run() throws OrtException;
  }

  private long now() {
    return processorTime
        ? ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime()
        : System.nanoTime();
  }

  /**
   * Runs the peers in turn and prints medians, and ratios to the first. Before each time that is
   * taken the machine rests and the peer runs without being measured.
   */
  void measure(String what, Map<String, Run> peers) throws OrtException {
    Map<String, double[]> times = new LinkedHashMap<>();
    peers.keySet().forEach(name -> times.put(name, new double[rounds]));
    for (int round = -2; round < rounds; round++) {
      for (Map.Entry<String, Run> peer : peers.entrySet()) {
        rest();
        long warm = System.nanoTime() + WARM_NANOS;
        do {
          peer.getValue().run();
        } while (System.nanoTime() < warm);
        long start = now();
        peer.getValue().run();
        double[] all = times.get(peer.getKey());
        if (round >= 0 && all != null) {
          all[round] = (now() - start) / 1e6;
        }
      }
    }
    double first = 0;
    for (Map.Entry<String, double[]> row : times.entrySet()) {
      Arrays.sort(row.getValue());
      double median = row.getValue()[rounds / 2];
      first = first == 0 ? median : first;
      System.out.printf(
          Locale.ROOT,
          "%-40s %-28s median %9.3f ms, best %9.3f ms, kernel is %.2f times faster%n",
          what,
          row.getKey(),
          median,
          row.getValue()[0],
          median / first);
    }
  }

  /** Long enough for the other session's threads to stop spinning. */
  private static void rest() {
    try {
      Thread.sleep(REST_MILLIS);
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
  }
}
