package org.attention4j.generate;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * The temperature and the cuts of {@link Sampling}, on scores in place: what is cut becomes
 * -infinity.
 *
 * @param keep tokens that every cut leaves at least
 */
record Warper(Sampling settings, int keep) {

  void warp(double[] scores) {
    if (settings.temperature() != 1) {
      for (int i = 0; i < scores.length; i++) {
        scores[i] /= settings.temperature();
      }
    }
    if (settings.topK() > 0) {
      leave(scores, Math.max(settings.topK(), keep));
    }
    if (settings.topP() < 1) {
      cutToNucleus(scores);
    }
    if (settings.minP() > 0) {
      double[] p = Scores.probabilities(scores);
      cutBelow(scores, p, settings.minP() * Arrays.stream(p).max().orElse(0));
    }
    if (settings.typicalP() < 1) {
      cutToTypical(scores);
    }
    if (settings.epsilon() > 0) {
      cutBelow(scores, Scores.probabilities(scores), settings.epsilon());
    }
    if (settings.eta() > 0) {
      double[] p = Scores.probabilities(scores);
      double bound = Math.sqrt(settings.eta()) * Math.exp(-Scores.entropy(p));
      cutBelow(scores, p, Math.min(settings.eta(), bound));
    }
  }

  /** The highest stay, and those that equal the last of them. */
  private static void leave(double[] scores, int count) {
    if (count >= scores.length) {
      return;
    }
    double bound = Scores.highest(scores, count)[count - 1];
    for (int i = 0; i < scores.length; i++) {
      if (scores[i] < bound) {
        scores[i] = Double.NEGATIVE_INFINITY;
      }
    }
  }

  /** Tokens of a smaller probability go, but not the {@code keep} highest. */
  private void cutBelow(double[] scores, double[] p, double bound) {
    double[] highest = Scores.highest(scores, Math.min(keep, scores.length));
    double last = highest[highest.length - 1];
    for (int i = 0; i < scores.length; i++) {
      if (p[i] < bound && scores[i] < last) {
        scores[i] = Double.NEGATIVE_INFINITY;
      }
    }
  }

  /** A token stays if those above it are less probable together than p. */
  private void cutToNucleus(double[] scores) {
    double[] p = Scores.probabilities(scores);
    double negligible = (1 - settings.topP()) / p.length; // all below it are outside together
    double[] descending = Arrays.stream(p).filter(v -> v >= negligible).sorted().toArray();
    double above = 0;
    int kept = 0;
    for (int i = descending.length - 1; i >= 0 && above < settings.topP(); i--) {
      above += descending[i];
      kept++;
    }
    kept = Math.min(Math.max(kept, keep), p.length);
    double[] highest = Scores.highest(p, kept);
    double last = highest[kept - 1];
    int equal = (int) Arrays.stream(highest).filter(v -> v == last).count(); // lower ids stay
    for (int i = 0; i < p.length; i++) {
      if (p[i] < last || (p[i] == last && equal-- <= 0)) {
        scores[i] = Double.NEGATIVE_INFINITY;
      }
    }
  }

  /** The tokens nearest to the entropy, up to the one with which they reach p. */
  private void cutToTypical(double[] scores) {
    double[] p = Scores.probabilities(scores);
    double entropy = Scores.entropy(p);
    double[] distance = Arrays.stream(p).map(v -> Math.abs(-Math.log(v) - entropy)).toArray();
    int[] nearest =
        IntStream.range(0, p.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> distance[i]))
            .mapToInt(i -> i)
            .toArray();
    double reached = p[nearest[0]];
    int last = 0;
    while (reached < settings.typicalP() && last < nearest.length - 1) {
      last++;
      reached += p[nearest[last]];
    }
    double bound = distance[nearest[last]];
    for (int i = keep; i < nearest.length; i++) {
      if (distance[nearest[i]] > bound) {
        scores[nearest[i]] = Double.NEGATIVE_INFINITY;
      }
    }
  }
}
