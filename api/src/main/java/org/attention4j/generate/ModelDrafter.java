package org.attention4j.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Guesses that a smaller model draws, through a cache of its own. */
final class ModelDrafter implements Drafter {
  private static final long APART = 0x5deece66dL; // other draws than those that check the guesses

  private final Steps steps;
  private final GenerationOptions options;
  private final Constrainer constrainer;
  private final TokenSampler sampler;
  private long[] seen = {};
  private int vocabulary;

  /**
   * Guesses for one text.
   *
   * @param steps of the smaller model, closed with this
   * @param number is added to the seed
   */
  ModelDrafter(Steps steps, GenerationOptions options, int number) {
    this.steps = steps;
    this.options = options;
    this.constrainer = new Constrainer(options.constraints(), options.ending().stopTokens());
    Sampling sampling = options.sampling();
    this.sampler = new TokenSampler(sampling.withSeed((sampling.seed() + number) ^ APART));
  }

  @Override
  public Draft propose(long[] text, int prompt, int limit, int count) {
    List<Long> tokens = new ArrayList<>();
    List<double[]> chances = new ArrayList<>();
    long[] grown = text;
    while (tokens.size() < count && grown.length <= options.ending().context()) {
      double[] logits = logits(grown);
      constrainer.apply(logits, grown, prompt, limit);
      vocabulary = logits.length;
      boolean certain = options.sampling().isGreedy();
      double[] p = certain ? new double[0] : sampler.probabilities(logits);
      int token = certain ? sampler.next(logits) : sampler.draw(p);
      tokens.add((long) token);
      chances.add(p);
      if (options.ending().stopTokens().contains((long) token)) {
        break;
      }
      grown = Arrays.copyOf(grown, grown.length + 1);
      grown[grown.length - 1] = token;
    }
    return new Draft(tokens, chances, vocabulary);
  }

  /** Takes back what the text has not taken over, and reads the rest. */
  private double[] logits(long[] text) {
    int same = Arrays.mismatch(seen, text);
    int kept = Math.min(same < 0 ? text.length : same, text.length - 1); // the last one is read
    steps.keep(kept);
    double[] last = steps.last(text, 1)[0];
    seen = text;
    return last;
  }

  @Override
  public void close() {
    steps.close();
  }
}
