package org.attention4j.models.finetune;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.models.data.Example;
import org.attention4j.models.store.JsonFile;

/**
 * How near a model's classes, or numbers, of texts are to the right ones: {@code accuracy} of one
 * class; of several that may hold {@code exact_match} of all together, and {@code precision},
 * {@code recall} and {@code f1} of each that is said to hold; of numbers {@code mean_squared_error}
 * and Pearson's correlation {@code pearson}, 0 where one side does not vary.
 *
 * @param examples texts
 */
public record ClassScores(int examples, Map<String, Double> measures) implements Scores {
  public ClassScores {
    measures = new LinkedHashMap<>(measures); // in their order
  }

  /** Classifies texts. */
  static ClassScores of(Predictions predictions, List<Example> texts, Objective objective) {
    Map<String, Double> measures = new LinkedHashMap<>();
    switch (objective) {
      case MULTI_LABEL -> several(predictions, texts, measures);
      case REGRESS -> numbers(predictions, texts, measures);
      default -> {
        int[] right = new int[1];
        predictions.each(
            texts,
            "logits",
            (text, logits) ->
                right[0] += Predictions.best(logits, 0, logits.length) == text.labels()[0] ? 1 : 0);
        measures.put("accuracy", (double) right[0] / texts.size());
      }
    }
    return new ClassScores(texts.size(), measures);
  }

  private static void several(
      Predictions predictions, List<Example> texts, Map<String, Double> measures) {
    long[] counts = new long[4]; // texts all right; classes right, found, there
    predictions.each(
        texts,
        "logits",
        (text, logits) -> {
          boolean all = true;
          for (int i = 0; i < logits.length; i++) {
            boolean found = logits[i] > 0; // a probability over one half
            boolean there = text.labels()[i] > 0.5;
            all &= found == there;
            counts[1] += found && there ? 1 : 0;
            counts[2] += found ? 1 : 0;
            counts[3] += there ? 1 : 0;
          }
          counts[0] += all ? 1 : 0;
        });
    measures.put("exact_match", share(counts[0], texts.size()));
    measures.put("precision", share(counts[1], counts[2]));
    measures.put("recall", share(counts[1], counts[3]));
    measures.put("f1", share(2 * counts[1], counts[2] + counts[3]));
  }

  private static double share(long part, long whole) {
    return whole == 0 ? 0 : (double) part / whole;
  }

  private static void numbers(
      Predictions predictions, List<Example> texts, Map<String, Double> measures) {
    double[] sums = new double[7]; // count, x, y, xx, yy, xy, (x - y)^2
    predictions.each(
        texts,
        "logits",
        (text, logits) -> {
          for (int i = 0; i < logits.length; i++) {
            double x = logits[i];
            double y = text.labels()[i];
            double[] terms = {1, x, y, x * x, y * y, x * y, (x - y) * (x - y)};
            for (int k = 0; k < terms.length; k++) {
              sums[k] += terms[k];
            }
          }
        });
    double count = sums[0];
    double covariance = sums[5] - sums[1] * sums[2] / count;
    double varianceX = sums[3] - sums[1] * sums[1] / count;
    double varianceY = sums[4] - sums[2] * sums[2] / count;
    boolean varies = varianceX > 1e-12 * sums[3] && varianceY > 1e-12 * sums[4];
    measures.put("mean_squared_error", sums[6] / count);
    measures.put("pearson", varies ? covariance / Math.sqrt(varianceX * varianceY) : 0);
  }

  @Override
  public ObjectNode details(int shown) {
    return JsonFile.object();
  }
}
