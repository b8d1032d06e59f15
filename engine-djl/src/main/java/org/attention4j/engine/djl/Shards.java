package org.attention4j.engine.djl;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import org.attention4j.error.ShapeException;
import org.attention4j.error.UsageException;
import org.attention4j.spi.MicroBatches;
import org.attention4j.tensor.HostTensor;

/**
 * Cuts batches into equal parts along their first axis and runs the parts on worker threads, one
 * thread of PyTorch each: a small model gains more from that than from operators that share
 * threads, and a part's activations stay in the caches. The trainer's property {@code shards}.
 */
final class Shards implements AutoCloseable {
  /** Name of the property: into how many parts each batch is cut. */
  static final String PROPERTY = "shards";

  private final int parts;
  private final Workers workers;

  /** What one worker does with one part. */
  interface Task {
    /**
     * Runs a part; parts of one worker come in order, those of the first in the caller's thread.
     */
    double run(int worker, MicroBatches.Part part);
  }

  private Shards(int parts, int threads) {
    this.parts = parts;
    this.workers = new Workers("attention4j-shard", Math.min(parts, threads));
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
    return workers.count();
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
          for (int part = worker; part < results.length; part += workers.count()) {
            results[part] = task.run(worker, all.get(part));
          }
        });
    return List.of(results);
  }

  /** Calls {@code body} once for each worker; see {@link Workers#each}. */
  void each(IntConsumer body) {
    workers.each(body);
  }

  @Override
  public void close() {
    workers.close();
  }
}
