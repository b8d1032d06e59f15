package org.attention4j.engine.djl;

import java.util.List;

/**
 * What an op became in a method.
 *
 * @param results one term for each result
 * @param saved names of further values of the forward pass, for its {@link
 *     org.attention4j.op.Backward}
 */
record Written(List<Term> results, List<String> saved) {
  Written {
    results = List.copyOf(results);
    saved = List.copyOf(saved);
  }

  /** One result, nothing saved. */
  static Written of(Term result) {
    return new Written(List.of(result), List.of());
  }
}
