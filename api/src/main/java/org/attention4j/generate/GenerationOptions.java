package org.attention4j.generate;

import java.util.Set;
import org.attention4j.error.UsageException;

/**
 * When generation ends and how tokens are chosen.
 *
 * @param ending when a text ends
 * @param constraints what may not be said
 * @param sampling how tokens are drawn
 * @param beams how many texts are followed at once
 * @param sequences how many texts are told for each prompt
 * @param cached whether the KV cache is used; without it every step runs the whole sequence
 * @param scored whether drawn texts get a score; beams have one always
 */
public record GenerationOptions(
    Ending ending,
    Constraints constraints,
    Sampling sampling,
    Beams beams,
    int sequences,
    boolean cached,
    boolean scored) {

  public GenerationOptions {
    if (sequences < 1) {
      throw new UsageException("a prompt has at least 1 sequence, not " + sequences);
    }
    if (beams.count() > 1 && sequences > beams.count()) {
      throw new UsageException(
          "of " + beams.count() + " beams at most as many are told, not " + sequences);
    }
    if (beams.count() == 1 && sequences > 1 && sampling.isGreedy()) {
      throw new UsageException(
          "temperature 0 without beams gives one text for a prompt, not " + sequences);
    }
  }

  /** No stop tokens, no constraints, one text, ends when the context is full, with a cache. */
  public static GenerationOptions of(int maxNewTokens, int context, Sampling sampling) {
    Ending ending = Ending.after(maxNewTokens, context);
    return new GenerationOptions(
        ending, Constraints.none(), sampling, Beams.none(), 1, true, false);
  }

  /** When a text ends. */
  public GenerationOptions ending(Ending when) {
    return new GenerationOptions(when, constraints, sampling, beams, sequences, cached, scored);
  }

  /** New tokens at most. */
  public GenerationOptions taking(int newTokens) {
    return ending(ending.after(newTokens));
  }

  /** Tokens that end a text. */
  public GenerationOptions stoppingAt(Set<Long> tokens) {
    return ending(ending.at(tokens));
  }

  /** A rule that ends a text, looked at after each token. */
  public GenerationOptions stoppingWhen(StopRule rule) {
    return ending(ending.when(rule));
  }

  /** A full context loses its oldest tokens and goes on. */
  public GenerationOptions sliding() {
    return ending(ending.whenFull(Ending.WhenFull.SLIDE));
  }

  /** What may come, and what becomes less probable. */
  public GenerationOptions constrained(Constraints to) {
    return new GenerationOptions(ending, to, sampling, beams, sequences, cached, scored);
  }

  /** How a token is drawn. */
  public GenerationOptions drawing(Sampling how) {
    return new GenerationOptions(ending, constraints, how, beams, sequences, cached, scored);
  }

  /** A search with beams, and how many of them are told. */
  public GenerationOptions searching(Beams with, int told) {
    return new GenerationOptions(ending, constraints, sampling, with, told, cached, scored);
  }

  /** Several texts for each prompt: drawn with a seed each, or the best beams. */
  public GenerationOptions repeated(int times) {
    return new GenerationOptions(ending, constraints, sampling, beams, times, cached, scored);
  }

  /** Runs the whole text for each token: slow, with the same texts. */
  public GenerationOptions withoutCache() {
    return new GenerationOptions(ending, constraints, sampling, beams, sequences, false, scored);
  }

  /** With the mean log-probability of its tokens as the score of each drawn text. */
  public GenerationOptions scoring() {
    return new GenerationOptions(ending, constraints, sampling, beams, sequences, cached, true);
  }
}
