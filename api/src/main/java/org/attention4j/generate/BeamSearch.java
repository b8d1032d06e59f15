package org.attention4j.generate;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Beam search over a batch of prompts, as transformers' {@code generate} does it: each step takes
 * the best {@code beams x (1 + stop tokens)} continuations, so that enough of them go on. With a
 * temperature the continuations are drawn without replacement.
 */
final class BeamSearch {
  private final GenerationOptions options;
  private final Constrainer constrainer;
  private final Warper warper;
  private final int candidates;

  BeamSearch(GenerationOptions options) {
    this.options = options;
    int stops = options.ending().stopTokens().size();
    this.constrainer = new Constrainer(options.constraints(), options.ending().stopTokens());
    this.warper = new Warper(options.sampling(), Math.max(2, 1 + stops));
    this.candidates = Math.max(2, 1 + stops) * options.beams().count();
  }

  List<Generation> run(List<long[]> prompts, Steps steps) {
    List<BeamsOfPrompt> all = new ArrayList<>();
    for (int p = 0; p < prompts.size(); p++) {
      all.add(new BeamsOfPrompt(prompts.get(p), options));
    }
    if (options.ending().maxNewTokens() > 0) {
      search(all, steps);
    }
    return all.stream().flatMap(item -> item.told().stream()).toList();
  }

  private void search(List<BeamsOfPrompt> all, Steps steps) {
    List<Random> randoms = new ArrayList<>();
    for (int p = 0; p < all.size(); p++) {
      Sampling sampling = options.sampling();
      randoms.add(sampling.withSeed(sampling.seed() + p).random());
    }
    List<Integer> open = new ArrayList<>();
    for (int p = 0; p < all.size(); p++) {
      open.add(p);
    }
    while (!open.isEmpty()) {
      List<long[]> texts = new ArrayList<>();
      open.forEach(p -> all.get(p).running().forEach(beam -> texts.add(beam.tokens)));
      double[][] logits = steps.logits(texts);
      List<Integer> left = new ArrayList<>();
      List<Integer> parents = new ArrayList<>();
      int row = 0;
      for (int p : open) {
        BeamsOfPrompt item = all.get(p);
        int first = row;
        row += item.running().size();
        item.advance(continuations(item, logits, first, randoms.get(p)));
        if (!item.done()) {
          left.add(p);
          item.running().forEach(beam -> parents.add(first + beam.parent));
        }
      }
      if (!left.isEmpty()) {
        steps.select(parents.stream().mapToInt(r -> r).toArray(), logits.length);
      }
      open = left;
    }
  }

  /** The best continuations of a prompt's beams, or those drawn first. */
  private List<Continuation> continuations(
      BeamsOfPrompt item, double[][] logits, int first, Random random) {
    Best best = new Best(candidates);
    for (int b = 0; b < item.running().size(); b++) {
      BeamsOfPrompt.Beam beam = item.running().get(b);
      double[] scores = logits[first + b];
      Scores.normalise(scores);
      constrainer.apply(scores, beam.tokens, item.prompt(), item.limit());
      boolean draws = !options.sampling().isGreedy();
      if (draws) {
        warper.warp(scores);
      }
      if (options.beams().renormalised()
          && scores[Scores.best(scores)] > Double.NEGATIVE_INFINITY) {
        Scores.normalise(scores);
      }
      for (int token = 0; token < scores.length; token++) {
        double score = beam.sum + scores[token];
        if (score > Double.NEGATIVE_INFINITY) {
          // Gumbel noise makes the order that of draws without replacement (Yellott 1977)
          double noise = draws ? -Math.log(-Math.log(positive(random))) : 0;
          best.offer(score + noise, new Continuation(b, token, score));
        }
      }
    }
    return best.descending();
  }

  private static double positive(Random random) {
    double value = random.nextDouble();
    return value > 0 ? value : Double.MIN_NORMAL;
  }

  /**
   * One more token.
   *
   * @param beam which of the running ones it continues
   * @param sum of the log-probabilities
   */
  record Continuation(int beam, long token, double sum) {}

  /** Keeps the highest by key, the earlier among equals. */
  private static final class Best {
    private final int count;
    private final double[] keys;
    private final List<Continuation> kept = new ArrayList<>();

    Best(int count) {
      this.count = count;
      this.keys = new double[count + 1];
    }

    void offer(double key, Continuation value) {
      int at = kept.size();
      if (at == count && !(key > keys[at - 1])) {
        return;
      }
      while (at > 0 && key > keys[at - 1]) {
        keys[at] = keys[at - 1];
        at--;
      }
      keys[at] = key;
      kept.add(at, value);
      if (kept.size() > count) {
        kept.remove(count);
      }
    }

    List<Continuation> descending() {
      return kept;
    }
  }
}
