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
   * {@code rate sqrt(scale / (scale + done))} (Vaswani et al. 2017, equation 3, its second part).
   */
  record InverseSquareRoot(double rate, long scale) implements Schedule {
    public InverseSquareRoot {
      requireSteps(scale);
    }

    @Override
    public double at(long done) {
      return rate * Math.sqrt((double) scale / (scale + done));
    }
  }

  /** {@code rate} times {@code factor} once more after every so many steps. */
  record Decay(double rate, double factor, long every) implements Schedule {
    public Decay {
      requireSteps(every);
    }

    @Override
    public double at(long done) {
      long times = done / every;
      return rate * Math.pow(factor, (double) times);
    }
  }

  /** {@code to + (from - to) (1 - done / steps)^power} over {@code steps}, then constant. */
  record Polynomial(double from, double to, long steps, double power) implements Schedule {
    public Polynomial {
      requireSteps(steps);
    }

    @Override
    public double at(long done) {
      return done >= steps ? to : to + (from - to) * Math.pow(1 - (double) done / steps, power);
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

  /** Always this rate. */
  static Schedule constant(double rate) {
    return new Constant(rate);
  }

  /** In a straight line from one rate to another, which then stays. */
  static Schedule linear(double from, double to, long steps) {
    return new Linear(from, to, steps);
  }

  /** Half a cosine wave from one rate to another, which then stays. */
  static Schedule cosine(double from, double to, long steps) {
    return new Cosine(from, to, steps);
  }

  /**
   * Vaswani et al. 2017, equation 3: {@code width^-0.5 min(n^-0.5, n warmUp^-1.5)} for the n-th
   * update.
   */
  static Schedule vaswani(long width, long warmUp) {
    double peak = 1 / Math.sqrt((double) width * warmUp);
    Schedule root = new InverseSquareRoot(peak, warmUp); // begins at the peak, the warm-up's last
    long rising = warmUp - 1;
    return rising == 0 ? root : new WarmUp(rising, peak * rising / warmUp, 1, root);
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
