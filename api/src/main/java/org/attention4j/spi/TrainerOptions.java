package org.attention4j.spi;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.attention4j.error.UsageException;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Device;
import org.attention4j.train.Optimizer;

/**
 * How a trainer runs.
 *
 * @param optimizer with its learning-rate schedule and parameter groups
 * @param clipNorm bound of the global gradient norm, 0 for none
 * @param device where
 * @param precision of the products; weights, norms and the loss stay f32 when it is bf16
 * @param seed of dropout
 * @param threads of the engine, 0 for its default
 * @param recomputing whether the backward pass computes the inner values of layers again instead of
 *     keeping them (activation checkpointing)
 * @param properties the engine's own settings; an unknown one is an error
 */
public record TrainerOptions(
    Optimizer optimizer,
    double clipNorm,
    Device device,
    DType precision,
    long seed,
    int threads,
    boolean recomputing,
    Map<String, String> properties) {

  public TrainerOptions {
    properties = Map.copyOf(properties);
    if (!(clipNorm >= 0)) {
      throw new UsageException("clipNorm is 0 (none) or positive, not " + clipNorm);
    }
    if (!precision.isFloating()) {
      throw new UsageException("the precision is a floating type, not " + precision.label());
    }
    if (threads < 0) {
      throw new UsageException("threads is 0 (the default) or more, not " + threads);
    }
  }

  /** CPU, f32, no clipping, seed 0. */
  public static TrainerOptions of(Optimizer optimizer) {
    return new TrainerOptions(optimizer, 0, Device.cpu(), DType.F32, 0, 0, false, Map.of());
  }

  /**
   * The seed of one micro-batch's dropout masks: another one for each step and micro-batch, and the
   * same on every engine and after a resume.
   */
  public static long dropoutSeed(long seed, long step, int microBatch) {
    return seed + step + microBatch * 0x9E3779B1L;
  }

  public TrainerOptions clip(double norm) {
    return new TrainerOptions(
        optimizer, norm, device, precision, seed, threads, recomputing, properties);
  }

  public TrainerOptions on(Device newDevice) {
    return new TrainerOptions(
        optimizer, clipNorm, newDevice, precision, seed, threads, recomputing, properties);
  }

  public TrainerOptions withPrecision(DType newPrecision) {
    return new TrainerOptions(
        optimizer, clipNorm, device, newPrecision, seed, threads, recomputing, properties);
  }

  public TrainerOptions withSeed(long newSeed) {
    return new TrainerOptions(
        optimizer, clipNorm, device, precision, newSeed, threads, recomputing, properties);
  }

  public TrainerOptions withThreads(int count) {
    return new TrainerOptions(
        optimizer, clipNorm, device, precision, seed, count, recomputing, properties);
  }

  /** Activation checkpointing: less memory, more arithmetic, the same results. */
  public TrainerOptions recomputing(boolean on) {
    return new TrainerOptions(
        optimizer, clipNorm, device, precision, seed, threads, on, properties);
  }

  /** One setting of the engine. */
  public TrainerOptions with(String name, String value) {
    Map<String, String> more = new LinkedHashMap<>(properties);
    more.put(name, value);
    return new TrainerOptions(
        optimizer, clipNorm, device, precision, seed, threads, recomputing, more);
  }

  /**
   * Refuses properties that the engine does not know.
   *
   * @throws UsageException naming the unknown one and those there are
   */
  public void checkProperties(Set<String> known) {
    for (String name : properties.keySet()) {
      if (!known.contains(name)) {
        throw new UsageException(
            "unknown trainer property '" + name + "'; known: " + new TreeSet<>(known));
      }
    }
  }
}
