package org.attention4j.generate;

import java.util.Arrays;
import java.util.PriorityQueue;
import org.attention4j.error.NonFiniteException;

/** Arithmetic on the scores of all tokens: logits or log-probabilities. */
final class Scores {
  private Scores() {}

  /**
   * Refuses logits that cannot be compared.
   *
   * @throws NonFiniteException if one is NaN or +infinity
   */
  static void check(double[] logits) {
    for (double logit : logits) {
      if (!(logit < Double.POSITIVE_INFINITY)) {
        throw new NonFiniteException("a logit is NaN or infinite; no token can be drawn from them");
      }
    }
  }

  /** The first of the highest. */
  static int best(double[] scores) {
    int best = 0;
    for (int i = 1; i < scores.length; i++) {
      if (scores[i] > scores[best]) {
        best = i;
      }
    }
    return best;
  }

  /** The highest, descending. */
  static double[] highest(double[] scores, int count) {
    if (count > scores.length / 8) {
      double[] sorted = scores.clone();
      Arrays.sort(sorted);
      double[] top = new double[count];
      Arrays.setAll(top, i -> sorted[sorted.length - 1 - i]);
      return top;
    }
    PriorityQueue<Double> heap = new PriorityQueue<>(); // the lowest of the highest first
    double bound = Double.NEGATIVE_INFINITY;
    for (double score : scores) {
      if (heap.size() < count) {
        heap.add(score);
        bound = heap.element();
      } else if (score > bound) {
        heap.remove();
        heap.add(score);
        bound = heap.element();
      }
    }
    double[] top = new double[count];
    for (int i = count - 1; i >= 0; i--) {
      top[i] = heap.remove();
    }
    return top;
  }

  /** Softmax. */
  static double[] probabilities(double[] scores) {
    double most = scores[best(scores)];
    double[] p = new double[scores.length];
    double sum = 0;
    for (int i = 0; i < p.length; i++) {
      p[i] = Math.exp(scores[i] - most); // the highest is 1
      sum += p[i];
    }
    for (int i = 0; i < p.length; i++) {
      p[i] /= sum;
    }
    return p;
  }

  /** Log-softmax, in place. */
  static void normalise(double[] scores) {
    double most = scores[best(scores)];
    double sum = 0;
    for (double score : scores) {
      sum += Math.exp(score - most);
    }
    double log = most + Math.log(sum);
    for (int i = 0; i < scores.length; i++) {
      scores[i] -= log;
    }
  }

  /** In nats. */
  static double entropy(double[] p) {
    double entropy = 0;
    for (double v : p) {
      entropy -= v > 0 ? v * Math.log(v) : 0;
    }
    return entropy;
  }
}
