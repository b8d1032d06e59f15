package org.attention4j.train;

import org.attention4j.error.UsageException;

/** The learning rate at each step. Data, so that a checkpoint can name it. */
public sealed interface Schedule {

  /** Rate of the update that is made after {@code done} updates; 0 for the first. */
  double at(long done);

  /** Always the same. */
  record Constant(double rate) implements Schedule {
    @Override
    public double at(long done) {
      return rate;
    }
  }

  /** From {@code from} to {@code to} over {@code steps}, then constant. */
  record Linear(double from, double to, long steps) implements Schedule {
    public Linear {
      requireSteps(steps);
    }

    @Override
    public double at(long done) {
      return done >= steps ? to : from + (to - from) * done / steps;
    }
  }

  /** Half a cosine wave from {@code from} to {@code to} over {@code steps}, then constant. */
  record Cosine(double from, double to, long steps) implements Schedule {
    public Cosine {
      requireSteps(steps);
    }

    @Override
    public double at(long done) {
      double share = Math.min(1, (double) done / steps);
      return to + (from - to) * 0.5 * (1 + Math.cos(Math.PI * share));
    }
  }

  /**
   * The cosine of {@link Cosine} that goes on: back to {@code from} after twice the {@code steps}
   * (Loshchilov and Hutter 2017 without restarts; PyTorch's CosineAnnealingLR).
   */
  record CosineWave(double from, double to, long steps) implements Schedule {
    public CosineWave {
      requireSteps(steps);
    }

    @Override
    public double at(long done) {
      return to + (from - to) * 0.5 * (1 + Math.cos(Math.PI * done / steps));
    }
  }

  /**
   * Rises linearly from {@code rate * start / steps} for {@code steps}, then follows {@code after}
   * from its beginning.
   */
  record WarmUp(long steps, double peak, long start, Schedule after) implements Schedule {
    public WarmUp {
      requireSteps(steps);
    }

    @Override
    public double at(long done) {
      return done < steps ? peak * (done + start) / steps : after.at(done - steps);
    }
  }

  static Schedule constant(double rate) {
    return new Constant(rate);
  }

  static Schedule linear(double from, double to, long steps) {
    return new Linear(from, to, steps);
  }

  static Schedule cosine(double from, double to, long steps) {
    return new Cosine(from, to, steps);
  }

  /** Rises over some steps to this schedule's first rate; the first update uses 1/steps of it. */
  default Schedule afterWarmUp(long steps) {
    return steps == 0 ? this : new WarmUp(steps, at(0), 1, this);
  }

  private static void requireSteps(long steps) {
    if (steps <= 0) {
      throw new UsageException("a schedule runs over at least one step, not " + steps);
    }
  }
}
