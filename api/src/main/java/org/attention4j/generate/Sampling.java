package org.attention4j.generate;

import org.attention4j.error.UsageException;

/**
 * How the next token is drawn from logits. Applied in the order of the components: the penalty, the
 * temperature, then the three cuts, each on what the one before left.
 *
 * @param repetitionPenalty divides positive logits of tokens seen before and multiplies negative
 *     ones (Keskar et al. 2019); 1 for none
 * @param temperature divides the logits; 0 takes the most probable token
 * @param topK how many of the most probable tokens stay; 0 for all
 * @param topP the fewest tokens with at least this probability together stay (Holtzman et al.
 *     2020); 1 for all
 * @param minP tokens with at least this share of the highest probability stay; 0 for all
 * @param seed of the draws
 */
public record Sampling(
    double repetitionPenalty, double temperature, int topK, double topP, double minP, long seed) {
  public Sampling {
    require(repetitionPenalty > 0, "repetition penalty is positive", repetitionPenalty);
    require(
        temperature >= 0 && temperature < Double.POSITIVE_INFINITY,
        "temperature is 0 or more",
        temperature);
    require(topK >= 0, "top-k is 0 (all) or more", topK);
    require(topP > 0 && topP <= 1, "top-p is above 0, at most 1", topP);
    require(minP >= 0 && minP <= 1, "min-p is from 0 to 1", minP);
  }

  private static void require(boolean holds, String rule, Object value) {
    if (!holds) {
      throw new UsageException(rule + ", not " + value);
    }
  }

  /** Always the most probable token; the lower id among equals. */
  public static Sampling greedy() {
    return new Sampling(1, 0, 0, 1, 0, 0);
  }

  /** From all tokens, at a temperature. */
  public static Sampling at(double temperature, long seed) {
    return new Sampling(1, temperature, 0, 1, 0, seed);
  }

  public Sampling penalising(double penalty) {
    return new Sampling(penalty, temperature, topK, topP, minP, seed);
  }

  public Sampling withTopK(int k) {
    return new Sampling(repetitionPenalty, temperature, k, topP, minP, seed);
  }

  public Sampling withTopP(double p) {
    return new Sampling(repetitionPenalty, temperature, topK, p, minP, seed);
  }

  public Sampling withMinP(double p) {
    return new Sampling(repetitionPenalty, temperature, topK, topP, p, seed);
  }

  /** Whether the seed makes no difference. */
  public boolean isGreedy() {
    return temperature == 0;
  }
}
