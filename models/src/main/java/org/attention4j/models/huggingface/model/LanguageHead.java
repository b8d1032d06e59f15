package org.attention4j.models.huggingface.model;

import org.attention4j.nn.Embedding;
import org.attention4j.nn.Init;
import org.attention4j.nn.LanguageModelHead;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.Tensor;

/**
 * From hidden states to logits.
 *
 * @param name of the layer at the top
 * @param tied whether its weight is the table of the tokens
 * @param bias whether it has a bias of its own
 * @param scale factor of the logits
 * @param softcap bound of the logits by tanh, 0 for none
 */
public record LanguageHead(String name, boolean tied, boolean bias, double scale, double softcap) {

  /** Without bias, factor or bound. */
  public static LanguageHead of(String name, boolean tied) {
    return new LanguageHead(name, tied, false, 1, 0);
  }

  /** With a bias for each token. */
  public LanguageHead biased() {
    return new LanguageHead(name, tied, true, scale, softcap);
  }

  /** With a factor of the logits. */
  public LanguageHead scaled(double factor) {
    return new LanguageHead(name, tied, bias, factor, softcap);
  }

  /** With a bound of the logits by tanh. */
  public LanguageHead capped(double bound) {
    return new LanguageHead(name, tied, bias, scale, bound);
  }

  /**
   * The logits [batch, time, vocabulary].
   *
   * @param scope the top
   * @param table where the table of the tokens is
   */
  Tensor apply(Scope scope, Scope table, Embedding tokens, Tensor hidden) {
    return scope.in(
        name,
        s -> {
          Tensor logits = new LanguageModelHead(tokens, scale, 0).apply(tied ? table : s, hidden);
          if (bias) {
            logits = logits.add(s.param("bias", Init.zeros(), tokens.rows()));
          }
          return softcap == 0 ? logits : logits.div(softcap).tanh().mul(softcap);
        });
  }
}
