package org.attention4j.engine.djl;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;
import org.attention4j.error.EngineException;
import org.jspecify.annotations.Nullable;

/**
 * A fixed number of threads that work together: the one that asks, and others that are started when
 * first needed and end on {@link #close}.
 */
final class Workers implements AutoCloseable {
  private final int count;
  private final ExecutorService others;

  /** As many as {@code count}, the asking thread among them. */
  Workers(String name, int count) {
    this.count = count;
    this.others =
        Executors.newFixedThreadPool(
            Math.max(1, count - 1), // which starts none before it is needed
            body -> {
              Thread thread = new Thread(body, name);
              thread.setDaemon(true);
              return thread;
            });
  }

  int count() {
    return count;
  }

  /**
   * Calls {@code body} once for each worker, for the first one in the calling thread, and waits for
   * all. The first failure is thrown.
   *
   * @throws EngineException if the calling thread was interrupted meanwhile; it stays interrupted
   */
  void each(IntConsumer body) {
    List<Future<?>> running = new ArrayList<>();
    for (int i = 1; i < count; i++) {
      int worker = i;
      running.add(others.submit(() -> body.accept(worker)));
    }
    RuntimeException failure = null;
    try {
      body.accept(0);
    } catch (RuntimeException e) {
      failure = e;
    } finally { // an Error, too, waits for those that still use the caller's arrays
      for (Future<?> future : running) {
        RuntimeException next = finished(future);
        failure = failure == null ? next : failure;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** Waits until it is done, interrupted or not, and returns what went wrong. */
  private static @Nullable RuntimeException finished(Future<?> future) {
    EngineException interrupted = null;
    try {
      while (true) {
        try {
          future.get();
          return interrupted;
        } catch (ExecutionException e) {
          return e.getCause() instanceof RuntimeException known
              ? known
              : new EngineException("a worker failed: " + e.getCause(), e);
        } catch (InterruptedException e) {
          interrupted = new EngineException("interrupted while workers were running", e);
        }
      }
    } finally {
      if (interrupted != null) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void close() {
    others.shutdown();
  }
}
