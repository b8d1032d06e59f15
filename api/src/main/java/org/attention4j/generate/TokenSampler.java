package org.attention4j.generate;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.attention4j.error.NonFiniteException;
import org.attention4j.error.UsageException;

/**
 * Draws tokens from logits, in double arithmetic: the same logits and settings give the same tokens
 * everywhere. Holds the state of the random numbers; not thread-safe.
 */
public final class TokenSampler {
  private final Sampling settings;
  private final Random random;

  public TokenSampler(Sampling settings) {
    this.settings = settings;
    this.random = new Random(settings.seed());
  }

  /**
   * The next token.
   *
   * @param logits one for each token of the vocabulary; -infinity forbids one
   * @param history tokens seen before, for the repetition penalty
   * @throws NonFiniteException if a logit is NaN or +infinity, or all are -infinity
   */
  public int next(double[] logits, long[] history) {
    double[] scores = scores(logits, history);
    if (settings.isGreedy()) {
      return best(scores);
    }
    double[] probabilities = probabilitiesOf(scores);
    double rest = random.nextDouble() * Arrays.stream(probabilities).sum();
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
  public double[] probabilities(double[] logits, long[] history) {
    double[] scores = scores(logits, history);
    if (settings.isGreedy()) {
      double[] one = new double[scores.length];
      one[best(scores)] = 1;
      return one;
    }
    double[] probabilities = probabilitiesOf(scores);
    double sum = Arrays.stream(probabilities).sum();
    return Arrays.stream(probabilities).map(p -> p / sum).toArray();
  }

  private double[] scores(double[] logits, long[] history) {
    if (Arrays.stream(logits).anyMatch(v -> !(v < Double.POSITIVE_INFINITY))) {
      throw new NonFiniteException("a logit is NaN or infinite; no token can be drawn from them");
    }
    double[] scores = logits.clone();
    if (settings.repetitionPenalty() != 1) {
      for (long token : Arrays.stream(history).distinct().toArray()) {
        if (token < 0 || token >= scores.length) {
          throw new UsageException(
              "token " + token + " is outside the vocabulary of " + scores.length);
        }
        double score = scores[(int) token];
        double penalty = settings.repetitionPenalty();
        scores[(int) token] = score > 0 ? score / penalty : score * penalty;
      }
    }
    if (scores[best(scores)] == Double.NEGATIVE_INFINITY) {
      throw new NonFiniteException("every token is forbidden: all logits are -infinity");
    }
    return scores;
  }

  private static int best(double[] scores) {
    int best = 0;
    for (int i = 1; i < scores.length; i++) {
      if (scores[i] > scores[best]) {
        best = i;
      }
    }
    return best;
  }

  /** Not normalised; tokens that are cut have 0. */
  private double[] probabilitiesOf(double[] scores) {
    double most = scores[best(scores)];
    double[] p = new double[scores.length];
    for (int i = 0; i < p.length; i++) {
      p[i] = Math.exp((scores[i] - most) / settings.temperature()); // the highest is 1
    }
    if (settings.topK() > 0 && settings.topK() < p.length) {
      Integer[] order = descending(p, 0);
      drop(p, order, settings.topK());
    }
    if (settings.topP() < 1) {
      cutToNucleus(p);
    }
    for (int i = 0; i < p.length; i++) {
      if (p[i] < settings.minP()) {
        p[i] = 0;
      }
    }
    return p;
  }

  private void cutToNucleus(double[] p) {
    double sum = Arrays.stream(p).sum();
    double target = settings.topP() * sum;
    double negligible = (1 - settings.topP()) * sum / p.length; // all below it are outside together
    Integer[] order = descending(p, negligible);
    double reached = 0;
    int kept = 0;
    while (kept < order.length && reached < target) {
      reached += p[order[kept]];
      kept++;
    }
    boolean[] stays = new boolean[p.length];
    for (int i = 0; i < kept; i++) {
      stays[order[i]] = true;
    }
    for (int i = 0; i < p.length; i++) {
      if (!stays[i]) {
        p[i] = 0;
      }
    }
  }

  private static void drop(double[] p, Integer[] order, int kept) {
    for (int i = kept; i < order.length; i++) {
      p[order[i]] = 0;
    }
  }

  /** Indices of values of at least a bound, the largest first, the lower index among equals. */
  private static Integer[] descending(double[] p, double bound) {
    return IntStream.range(0, p.length)
        .filter(i -> p[i] >= bound)
        .boxed()
        .sorted(Comparator.comparingDouble((Integer i) -> -p[i]).thenComparing(i -> i))
        .toArray(Integer[]::new);
  }
}
