package org.attention4j.models.text;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** From logits to probabilities. */
final class Probabilities {
  private Probabilities() {}

  static double sigmoid(double logit) {
    return 1 / (1 + Math.exp(-logit));
  }

  /** They add up to 1. */
  static double[] softmax(float[] logits) {
    double most = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      most = Math.max(most, logit);
    }
    double[] p = new double[logits.length];
    double sum = 0;
    for (int i = 0; i < p.length; i++) {
      p[i] = Math.exp(logits[i] - most);
      sum += p[i];
    }
    for (int i = 0; i < p.length; i++) {
      p[i] /= sum;
    }
    return p;
  }

  /** Places of the highest, in descending order; the first of equals comes first. */
  static List<Integer> order(double[] scores, int count) {
    return IntStream.range(0, scores.length)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> -scores[i]))
        .limit(count)
        .toList();
  }
}
