package org.attention4j.train;

import java.util.List;
import org.attention4j.error.UsageException;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Tensor;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019), bias-corrected. With {@code
 * decoupled} false the decay is added to the gradient, as in Adam (Kingma and Ba 2015).
 */
public record AdamW(
    Schedule schedule,
    double beta1,
    double beta2,
    double epsilon,
    boolean decoupled,
    List<ParameterGroup> groups)
    implements Optimizer {
  public AdamW {
    groups = List.copyOf(groups);
    if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1)) {
      throw new UsageException("the betas are from 0 to below 1, not " + beta1 + " and " + beta2);
    }
    if (!(epsilon >= 0)) {
      throw new UsageException("epsilon is 0 or more, not " + epsilon);
    }
  }

  /** Betas 0.9 and 0.95, epsilon 1e-8, matrices decay by 0.1. */
  public static AdamW of(Schedule schedule) {
    return new AdamW(schedule, 0.9, 0.95, 1e-8, true, ParameterGroup.matricesDecay(0.1));
  }

  /** The defaults of {@link #of} at a constant rate. */
  public static AdamW lr(double rate) {
    return of(Schedule.constant(rate));
  }

  public AdamW betas(double first, double second) {
    return new AdamW(schedule, first, second, epsilon, decoupled, groups);
  }

  public AdamW decaying(List<ParameterGroup> newGroups) {
    return new AdamW(schedule, beta1, beta2, epsilon, decoupled, newGroups);
  }

  @Override
  public List<String> slots() {
    return List.of("exp_avg", "exp_avg_sq");
  }

  @Override
  public Update update(
      Tensor parameter, Tensor gradient, List<Tensor> slots, Clock clock, ParameterGroup group) {
    Tensor rate = clock.learningRate().mul(group.rateFactor());
    Tensor p = parameter;
    Tensor g = gradient;
    if (group.weightDecay() != 0) {
      if (decoupled) {
        p = p.sub(p.mul(rate.mul(group.weightDecay())));
      } else {
        g = g.add(p.mul(group.weightDecay()));
      }
    }
    Tensor average = slots.get(0).mul(beta1).add(g.mul(1 - beta1));
    Tensor square = slots.get(1).mul(beta2).add(g.mul(g).mul(1 - beta2));
    DType dtype = p.dtype();
    Tensor stepSize = rate.cast(DType.F64).div(correction(clock.step(), beta1)).cast(dtype);
    Tensor root = correction(clock.step(), beta2).sqrt().cast(dtype);
    Tensor denominator = square.sqrt().div(root).add(epsilon);
    return new Update(p.sub(average.div(denominator).mul(stepSize)), List.of(average, square));
  }

  /** 1 - beta^step, in f64: near step 1 it is a difference of close numbers. */
  private static Tensor correction(Tensor step, double beta) {
    return step.cast(DType.F64).mul(Math.log(beta)).exp().neg().add(1);
  }
}
