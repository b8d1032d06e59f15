package org.attention4j.train;

import java.util.List;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * An update rule written with tensors, so that any engine runs it and a training step can be
 * exported. Implementations are records.
 */
public interface Optimizer {

  /** Learning rate at each step. */
  Schedule schedule();

  /** Decay and rate factors; every parameter belongs to one. */
  List<ParameterGroup> groups();

  /** Names of the state kept for each parameter, zero at first: {@code exp_avg}. */
  List<String> slots();

  /**
   * Whether a parameter is trained; those of a frozen group are not.
   *
   * @throws org.attention4j.error.UsageException if it belongs to no group
   */
  default boolean trains(String path, TensorType type) {
    return ParameterGroup.of(groups(), path, type).trains();
  }

  /**
   * One update of one parameter.
   *
   * @param slots the state in the order of {@link #slots()}, each of the parameter's type
   * @param clock number of this update and its learning rate
   */
  Update update(
      Tensor parameter, Tensor gradient, List<Tensor> slots, Clock clock, ParameterGroup group);

  /**
   * What changes from step to step.
   *
   * @param step 1 for the first update, i64 scalar
   * @param learningRate scalar
   */
  record Clock(Tensor step, Tensor learningRate) {}

  /** A parameter and its state after an update. */
  record Update(Tensor parameter, List<Tensor> slots) {}
}
