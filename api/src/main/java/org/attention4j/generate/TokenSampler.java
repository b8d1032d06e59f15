package org.attention4j.generate;

import java.util.Random;
import org.attention4j.error.NonFiniteException;

/**
 * Draws tokens from logits, in double arithmetic: the same logits and settings give the same tokens
 * everywhere. Holds the state of the random numbers; not thread-safe.
 */
public final class TokenSampler {
  private final Sampling settings;
  private final Warper warper;
  private final Random random;

  public TokenSampler(Sampling settings) {
    this.settings = settings;
    this.warper = new Warper(settings, 1);
    this.random = settings.random();
  }

  /**
   * The next token.
   *
   * @param logits one for each token of the vocabulary; -infinity forbids one
   * @throws NonFiniteException if a logit is NaN or +infinity, or all are -infinity
   */
  public int next(double[] logits) {
    check(logits);
    if (settings.isGreedy()) {
      return Scores.best(logits);
    }
    return draw(probabilities(logits));
  }

  boolean isGreedy() {
    return settings.isGreedy();
  }

  /** A number from 0 to below 1. */
  double uniform() {
    return random.nextDouble();
  }

  /** A token by probabilities that sum to 1. */
  int draw(double[] probabilities) {
    double rest = random.nextDouble();
    int last = 0;
    for (int i = 0; i < probabilities.length; i++) {
      if (probabilities[i] > 0) {
        last = i;
        rest -= probabilities[i];
        if (rest < 0) {
          break;
        }
      }
    }
    return last;
  }

  /** What {@link #next} draws from: it sums to 1, and tokens that were cut have 0. */
  public double[] probabilities(double[] logits) {
    check(logits);
    if (settings.isGreedy()) {
      double[] one = new double[logits.length];
      one[Scores.best(logits)] = 1;
      return one;
    }
    double[] scores = logits.clone();
    warper.warp(scores);
    return Scores.probabilities(scores);
  }

  /**
   * The logarithm of a token's probability among those that the cuts leave, at temperature 1
   * whatever the temperature of the draw.
   */
  public double logProbability(double[] logits, int token) {
    check(logits);
    double[] scores = logits.clone();
    if (!settings.isGreedy()) {
      warper.warp(scores);
      for (int i = 0; i < scores.length; i++) {
        scores[i] *= settings.temperature();
      }
    }
    Scores.normalise(scores);
    return scores[token];
  }

  private static void check(double[] logits) {
    Scores.check(logits);
    if (logits[Scores.best(logits)] == Double.NEGATIVE_INFINITY) {
      throw new NonFiniteException("every token is forbidden: all logits are -infinity");
    }
  }
}
