package org.attention4j.generate;

import java.util.Random;
import org.attention4j.error.UsageException;

/**
 * How the next token is drawn from scores. Applied in the order of the components: the temperature,
 * then the cuts, each on what the one before left.
 *
 * @param temperature divides the scores; 0 takes the most probable token
 * @param topK how many of the most probable tokens stay, and those as probable as the last of them;
 *     0 for all
 * @param topP the fewest tokens with at least this probability together stay (Holtzman et al.
 *     2020); 1 for all
 * @param minP tokens with at least this share of the highest probability stay (Nguyen et al. 2024);
 *     0 for all
 * @param typicalP the fewest tokens with this probability together stay whose information is
 *     nearest to the entropy (Meister et al. 2022); 1 for all
 * @param epsilon tokens below this probability go (Hewitt et al. 2022); 0 for none
 * @param eta tokens below the smaller of this and its root times exp(-entropy) go (Hewitt et al.
 *     2022); 0 for none
 * @param seed of the draws
 */
public record Sampling(
    double temperature,
    int topK,
    double topP,
    double minP,
    double typicalP,
    double epsilon,
    double eta,
    long seed) {
  public Sampling {
    require(
        temperature >= 0 && temperature < Double.POSITIVE_INFINITY,
        "temperature is 0 or more",
        temperature);
    require(topK >= 0, "top-k is 0 (all) or more", topK);
    require(topP > 0 && topP <= 1, "top-p is above 0, at most 1", topP);
    require(minP >= 0 && minP <= 1, "min-p is from 0 to 1", minP);
    require(typicalP > 0 && typicalP <= 1, "typical-p is above 0, at most 1", typicalP);
    require(epsilon >= 0 && epsilon < 1, "the epsilon cut is from 0 to below 1", epsilon);
    require(eta >= 0 && eta < 1, "the eta cut is from 0 to below 1", eta);
  }

  private static void require(boolean holds, String rule, Object value) {
    if (!holds) {
      throw new UsageException(rule + ", not " + value);
    }
  }

  /** Always the most probable token; the lower id among equals. */
  public static Sampling greedy() {
    return at(0, 0);
  }

  /** From all tokens, at a temperature. */
  public static Sampling at(double temperature, long seed) {
    return new Sampling(temperature, 0, 1, 0, 1, 0, 0, seed);
  }

  /** Draws from this many of the most probable tokens; 0 for all. */
  public Sampling withTopK(int k) {
    return new Sampling(temperature, k, topP, minP, typicalP, epsilon, eta, seed);
  }

  /** Draws from the fewest tokens with this probability together; 1 for all. */
  public Sampling withTopP(double p) {
    return new Sampling(temperature, topK, p, minP, typicalP, epsilon, eta, seed);
  }

  /** Leaves out tokens below this share of the highest probability; 0 for none. */
  public Sampling withMinP(double p) {
    return new Sampling(temperature, topK, topP, p, typicalP, epsilon, eta, seed);
  }

  /** Draws from the tokens nearest to the expected surprise; 1 for all. */
  public Sampling withTypicalP(double p) {
    return new Sampling(temperature, topK, topP, minP, p, epsilon, eta, seed);
  }

  public Sampling withEpsilon(double cut) {
    return new Sampling(temperature, topK, topP, minP, typicalP, cut, eta, seed);
  }

  public Sampling withEta(double cut) {
    return new Sampling(temperature, topK, topP, minP, typicalP, epsilon, cut, seed);
  }

  public Sampling withSeed(long other) {
    return new Sampling(temperature, topK, topP, minP, typicalP, epsilon, eta, other);
  }

  /** Whether the seed makes no difference. */
  public boolean isGreedy() {
    return temperature == 0;
  }

  /**
   * Numbers for the draws. Near seeds are mixed first, since {@link Random} starts alike on them.
   */
  Random random() {
    long z = seed + 0x9e3779b97f4a7c15L; // SplitMix64 (Steele, Lea, Flood 2014)
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return new Random(z ^ (z >>> 31));
  }
}
