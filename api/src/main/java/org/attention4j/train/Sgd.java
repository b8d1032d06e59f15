package org.attention4j.train;

import java.util.List;
import org.attention4j.tensor.Tensor;

/**
 * Stochastic gradient descent with momentum {@code v = m v + g; p = p - lr v}; decay is added to
 * the gradient.
 */
public record Sgd(Schedule schedule, double momentum, boolean nesterov, List<ParameterGroup> groups)
    implements Optimizer {
  public Sgd {
    groups = List.copyOf(groups);
  }

  /** Plain descent. */
  public static Sgd of(Schedule schedule) {
    return new Sgd(schedule, 0, false, List.of(ParameterGroup.all(0)));
  }

  @Override
  public List<String> slots() {
    return momentum == 0 ? List.of() : List.of("momentum_buffer");
  }

  @Override
  public Update update(
      Tensor parameter, Tensor gradient, List<Tensor> slots, Clock clock, ParameterGroup group) {
    Tensor g =
        group.weightDecay() == 0 ? gradient : gradient.add(parameter.mul(group.weightDecay()));
    Tensor rate = clock.learningRate().mul(group.rateFactor());
    if (momentum == 0) {
      return new Update(parameter.sub(g.mul(rate)), List.of());
    }
    Tensor velocity = slots.get(0).mul(momentum).add(g);
    Tensor direction = nesterov ? g.add(velocity.mul(momentum)) : velocity;
    return new Update(parameter.sub(direction.mul(rate)), List.of(velocity));
  }
}
