package org.attention4j.spi;

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
 */
public record TrainerOptions(
    Optimizer optimizer, double clipNorm, Device device, DType precision, long seed, int threads) {

  public TrainerOptions {
    if (!(clipNorm >= 0)) {
      throw new UsageException("clipNorm is 0 (none) or positive, not " + clipNorm);
    }
    if (!precision.isFloating()) {
      throw new UsageException("the precision is a floating type, not " + precision.label());
    }
  }

  /** CPU, f32, no clipping, seed 0. */
  public static TrainerOptions of(Optimizer optimizer) {
    return new TrainerOptions(optimizer, 0, Device.cpu(), DType.F32, 0, 0);
  }

  /**
   * The seed of one micro-batch's dropout masks: another one for each step and micro-batch, and the
   * same on every engine and after a resume.
   */
  public static long dropoutSeed(long seed, long step, int microBatch) {
    return seed + step + microBatch * 0x9E3779B1L;
  }

  public TrainerOptions clip(double norm) {
    return new TrainerOptions(optimizer, norm, device, precision, seed, threads);
  }

  public TrainerOptions on(Device newDevice) {
    return new TrainerOptions(optimizer, clipNorm, newDevice, precision, seed, threads);
  }

  public TrainerOptions withPrecision(DType newPrecision) {
    return new TrainerOptions(optimizer, clipNorm, device, newPrecision, seed, threads);
  }

  public TrainerOptions withSeed(long newSeed) {
    return new TrainerOptions(optimizer, clipNorm, device, precision, newSeed, threads);
  }

  public TrainerOptions withThreads(int count) {
    return new TrainerOptions(optimizer, clipNorm, device, precision, seed, count);
  }
}
