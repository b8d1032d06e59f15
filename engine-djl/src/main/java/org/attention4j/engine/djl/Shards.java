package org.attention4j.engine.djl;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;
import org.attention4j.error.EngineException;
import org.attention4j.error.ShapeException;
import org.attention4j.error.UsageException;
import org.attention4j.spi.MicroBatches;
import org.attention4j.tensor.HostTensor;
import org.jspecify.annotations.Nullable;

/**
 * Cuts batches into equal parts along their first axis and runs the parts on worker threads, one
 * thread of PyTorch each: a small model gains more from that than from operators that share
 * threads, and a part's activations stay in the caches. The trainer's property {@code shards}.
 */
final class Shards implements AutoCloseable {
  /** Name of the property: into how many parts each batch is cut. */
  static final String PROPERTY = "shards";

  private final int parts;
  private final ExecutorService others;
  private final int workerCount;

  /** What one worker does with one part. */
  interface Task {
    /**
     * Runs a part; parts of one worker come in order, those of the first in the caller's thread.
     */
    double run(int worker, MicroBatches.Part part);
  }

  private Shards(int parts, int threads) {
    this.parts = parts;
    this.workerCount = Math.min(parts, threads);
    this.others = // the first worker is the thread that asks
        Executors.newFixedThreadPool(
            Math.max(1, workerCount - 1), // which starts none before it is needed
            body -> {
              Thread thread = new Thread(body, "attention4j-shard");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Reads the property; 1, the default, cuts nothing and starts no threads.
   *
   * @param threads how many may work at once
   * @throws UsageException if it is not a whole number from 1 on
   */
  static Shards of(Map<String, String> properties, int threads) {
    String asked = properties.getOrDefault(PROPERTY, "1");
    try {
      int parts = Integer.parseInt(asked);
      if (parts >= 1) {
        return new Shards(parts, Math.max(1, threads));
      }
    } catch (NumberFormatException e) {
      // reported below
    }
    throw new UsageException(PROPERTY + " is a whole number from 1 on, not '" + asked + "'");
  }

  /** Into how many parts a batch is cut. */
  int parts() {
    return parts;
  }

  int workers() {
    return workerCount;
  }

  /** Whether anything is cut. */
  boolean active() {
    return parts > 1;
  }

  /**
   * The parts of one batch, sharing its memory.
   *
   * @throws ShapeException if an input's first axis cannot be cut evenly
   */
  List<Map<String, HostTensor>> cut(Map<String, HostTensor> batch) {
    List<Map<String, HostTensor>> all = new ArrayList<>();
    for (int part = 0; part < parts; part++) {
      Map<String, HostTensor> piece = new LinkedHashMap<>();
      for (Map.Entry<String, HostTensor> entry : batch.entrySet()) {
        piece.put(entry.getKey(), piece(entry.getKey(), entry.getValue(), part));
      }
      all.add(piece);
    }
    return all;
  }

  private HostTensor piece(String name, HostTensor whole, int part) {
    long[] shape = whole.shape();
    if (shape.length == 0 || shape[0] % parts != 0) {
      throw new ShapeException(
          "input '" + name + "' " + whole + " cannot be cut into " + parts + " shards");
    }
    shape[0] /= parts;
    ByteBuffer bytes = whole.buffer();
    int size = bytes.remaining() / parts;
    bytes.position(part * size).limit((part + 1) * size);
    return HostTensor.wrap(whole.dtype(), bytes, shape);
  }

  /** Runs all parts and returns what they returned, in order. The first failure is thrown. */
  List<Double> run(List<MicroBatches.Part> all, Task task) {
    Double[] results = new Double[all.size()];
    each(
        worker -> {
          for (int part = worker; part < results.length; part += workerCount) {
            results[part] = task.run(worker, all.get(part));
          }
        });
    return List.of(results);
  }

  /**
   * Calls {@code body} once for each worker, for the first one in the calling thread, and waits for
   * all. The first failure is thrown.
   */
  void each(IntConsumer body) {
    List<Future<?>> running = new ArrayList<>();
    for (int i = 1; i < workerCount; i++) {
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

  private static @Nullable RuntimeException finished(Future<?> future) {
    while (true) {
      try {
        future.get();
        return null;
      } catch (ExecutionException e) {
        return e.getCause() instanceof RuntimeException known
            ? known
            : new EngineException("a shard failed: " + e.getCause(), e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return new EngineException("interrupted while shards were running", e);
      }
    }
  }

  @Override
  public void close() {
    others.shutdown();
  }
}
