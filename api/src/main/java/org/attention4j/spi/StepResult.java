package org.attention4j.spi;

/**
 * What one training step did.
 *
 * @param step number of steps taken, this one included
 * @param loss of all micro-batches together, before the update
 * @param gradientNorm global norm before clipping
 * @param learningRate that the update used
 */
public record StepResult(long step, double loss, double gradientNorm, double learningRate) {}
