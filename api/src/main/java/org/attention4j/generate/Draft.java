package org.attention4j.generate;

import java.util.List;

/**
 * A guess at the next tokens.
 *
 * @param tokens that are guessed; may be none
 * @param chances for each token, the probabilities of the vocabulary that it was drawn from; a
 *     token that was not drawn is certain, and has an empty array
 * @param vocabulary how many tokens the draft's model knows; 0 without a model
 */
record Draft(List<Long> tokens, List<double[]> chances, int vocabulary) {
  static final Draft NONE = new Draft(List.of(), List.of(), 0);

  /** Tokens that were not drawn but found. */
  static Draft certain(List<Long> tokens) {
    return new Draft(tokens, tokens.stream().map(token -> new double[0]).toList(), 0);
  }
}
