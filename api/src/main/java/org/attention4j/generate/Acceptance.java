package org.attention4j.generate;

/**
 * Takes a guessed token or draws another, so that the outcome has the model's own probabilities
 * (Leviathan et al. 2023, section 2.3 and appendix A.1): the guess x, drawn with probability q(x),
 * stays with probability min(1, p(x) / q(x)); else a token is drawn from max(0, p - q), made to sum
 * to 1. With greedy choice p is certain, and the outcome is its token whatever the guess.
 */
final class Acceptance {
  private Acceptance() {}

  /**
   * The next token.
   *
   * @param scores of the model, with its rules applied
   * @param guess of the draft
   * @param chances that the guess was drawn from; empty if it was certain
   */
  static int next(TokenSampler sampler, double[] scores, int guess, double[] chances) {
    if (sampler.isGreedy()) {
      return sampler.next(scores);
    }
    double[] p = sampler.probabilities(scores);
    double guessed = chances.length == 0 ? 1 : chances[guess];
    if (sampler.uniform() * guessed < p[guess]) {
      return guess;
    }
    double[] rest = p.clone();
    double sum = 0;
    for (int i = 0; i < rest.length; i++) {
      double drafted = chances.length > 0 ? chances[i] : i == guess ? 1 : 0;
      rest[i] = Math.max(0, p[i] - drafted);
      sum += rest[i];
    }
    if (sum <= 0) { // p and q are equal but for rounding
      return sampler.draw(p);
    }
    for (int i = 0; i < rest.length; i++) {
      rest[i] /= sum;
    }
    return sampler.draw(rest);
  }
}
