package org.attention4j.models.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Turns Ctrl-C (SIGINT) and SIGTERM into a request, and holds the process until the work in hand is
 * saved: until this is closed.
 */
final class Interruption implements AutoCloseable {
  private static final long PATIENCE_MINUTES = 10;

  private final CountDownLatch saved = new CountDownLatch(1);
  private final Thread hook = new Thread(this::onShutdown, "save-on-exit");
  private volatile boolean requested;

  Interruption() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private void onShutdown() {
    requested = true;
    System.err.println("attention4j: stopping; what was learned is saved first");
    try {
      if (!saved.await(PATIENCE_MINUTES, TimeUnit.MINUTES)) {
        System.err.println("attention4j: gave up waiting for the checkpoint");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whether the process was asked to end. */
  boolean requested() {
    return requested;
  }

  @Override
  public void close() {
    saved.countDown();
    if (!requested) {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        // The process is ending already; the hook has nothing to wait for.
      }
    }
  }
}
