package org.attention4j.nn;

import org.attention4j.tensor.Tensor;

/**
 * Hidden states [.., width] to logits [.., vocabulary].
 *
 * @param embedding the table of the tokens
 * @param scale factor of the hidden states: T5 uses width^-0.5
 * @param softcap bound of the logits by tanh (Gemma 2), 0 for none
 */
public record LanguageModelHead(Embedding embedding, double scale, double softcap)
    implements Block {

  /** No scale, no cap. */
  public LanguageModelHead(Embedding embedding) {
    this(embedding, 1, 0);
  }

  /**
   * The logits. At the path of the token table the weights are tied; at another path the head has a
   * {@code weight} [vocabulary, width] of its own.
   */
  @Override
  public Tensor apply(Scope scope, Tensor x) {
    Tensor logits = embedding.project(scope, scale == 1 ? x : x.mul(scale));
    return softcap == 0 ? logits : logits.div(softcap).tanh().mul(softcap);
  }
}
