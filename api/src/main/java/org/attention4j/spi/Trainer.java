package org.attention4j.spi;

import java.util.List;
import java.util.Map;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;

/**
 * A model opened for training; owns parameters, optimizer state and native memory. One thread at a
 * time.
 */
public interface Trainer extends AutoCloseable {

  /**
   * One optimizer step over the gradients of the micro-batches, each weighed by the terms of its
   * loss ({@link org.attention4j.nn.Model#lossTerms}): the step that all rows in one batch give.
   *
   * @throws org.attention4j.error.NonFiniteException if the loss is not finite; nothing was updated
   */
  StepResult step(List<Map<String, HostTensor>> microBatches);

  /** One optimizer step over one batch. */
  default StepResult step(Map<String, HostTensor> batch) {
    return step(List.of(batch));
  }

  /** Runs the model without dropout and without updating. */
  Map<String, HostTensor> evaluate(Map<String, HostTensor> batch);

  /** The gradients by parameter path, and {@code loss}; updates nothing. */
  Map<String, HostTensor> gradients(Map<String, HostTensor> batch);

  /** A copy of the parameters. */
  Weights weights();

  /** A copy of everything that the next step depends on. */
  TrainerState state();

  /**
   * Continues from a state, bit by bit as the trainer that gave it would.
   *
   * @throws org.attention4j.error.WeightsException if it is the state of another model or optimizer
   */
  void restore(TrainerState state);

  /** Engine, device, precision and what was chosen by itself, with reasons. */
  String description();

  @Override
  void close();
}
