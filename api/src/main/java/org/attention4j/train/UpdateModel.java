package org.attention4j.train;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.error.UsageException;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * The optimizer's part of a step as a model: clips by global norm (Pascanu et al. 2013) and updates
 * every parameter.
 *
 * <p>Inputs: {@code step} (i64, 1 first), {@code learning_rate}, and for each parameter {@code
 * param.PATH}, {@code grad.PATH} and {@code SLOT.PATH}. Outputs: {@code gradient_norm}, {@code
 * next.param.PATH} and {@code next.SLOT.PATH}.
 *
 * @param clipNorm bound of the global norm, 0 for none
 */
public record UpdateModel(Map<String, TensorType> parameters, Optimizer optimizer, double clipNorm)
    implements Model {
  public UpdateModel {
    parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
    requireSome(parameters.keySet());
  }

  /**
   * Refuses to train nothing.
   *
   * @param trained paths of the parameters that are updated
   * @throws UsageException if there are none
   */
  public static void requireSome(Collection<String> trained) {
    if (trained.isEmpty()) {
      throw new UsageException(
          "there is nothing to train: every parameter is frozen, or the loss depends on none");
    }
  }

  @Override
  public Map<String, TensorType> inputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>(state());
    parameters.forEach((path, type) -> inputs.put("grad." + path, type));
    return inputs;
  }

  /** The inputs but the gradients. */
  Map<String, TensorType> state() {
    Map<String, TensorType> inputs = new LinkedHashMap<>();
    inputs.put("step", TensorType.i64());
    inputs.put("learning_rate", TensorType.f32());
    parameters.forEach((path, type) -> inputs.put("param." + path, type));
    for (String slot : optimizer.slots()) {
      parameters.forEach((path, type) -> inputs.put(slot + "." + path, type));
    }
    return inputs;
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Map<String, Tensor> gradients = new LinkedHashMap<>();
    parameters.keySet().forEach(path -> gradients.put(path, inputs.get("grad." + path)));
    return update(inputs, gradients);
  }

  /** The outputs, for gradients from anywhere. */
  Map<String, Tensor> update(Inputs inputs, Map<String, Tensor> gradients) {
    Optimizer.Clock clock = new Optimizer.Clock(inputs.get("step"), inputs.get("learning_rate"));
    Tensor norm = norm(clock.learningRate(), gradients);
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    outputs.put("gradient_norm", norm);
    gradients.forEach(
        (path, gradient) -> {
          Tensor clipped = clipNorm > 0 ? gradient.mul(factor(norm)) : gradient;
          List<Tensor> slots =
              optimizer.slots().stream().map(slot -> inputs.get(slot + "." + path)).toList();
          ParameterGroup group = ParameterGroup.of(optimizer.groups(), path, gradient.type());
          Optimizer.Update update =
              optimizer.update(inputs.get("param." + path), clipped, slots, clock, group);
          outputs.put("next.param." + path, update.parameter());
          for (int i = 0; i < slots.size(); i++) {
            outputs.put("next." + optimizer.slots().get(i) + "." + path, update.slots().get(i));
          }
        });
    return outputs;
  }

  private static Tensor norm(Tensor like, Map<String, Tensor> gradients) {
    Tensor squares = like.scalar(0);
    for (Tensor gradient : gradients.values()) {
      squares = squares.add(gradient.mul(gradient).sumTo(List.of()));
    }
    return squares.sqrt();
  }

  private Tensor factor(Tensor norm) {
    return norm.scalar(clipNorm).div(norm.add(1e-6)).min(1);
  }
}
