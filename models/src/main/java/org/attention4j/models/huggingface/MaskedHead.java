package org.attention4j.models.huggingface;

import org.attention4j.nn.Block;
import org.attention4j.nn.Embedding;
import org.attention4j.nn.Init;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Scope;
import org.attention4j.op.Activation;
import org.attention4j.tensor.Tensor;

/**
 * From hidden states to logits of the tokens behind masks: a layer, an activation, a normalisation,
 * products with the table of the tokens, a bias. Names are paths from the top.
 *
 * @param decoder a copy of the table that files may hold
 */
record MaskedHead(
    String dense,
    Linear layer,
    Activation.Kind activation,
    String normName,
    Block norm,
    String decoder,
    String bias) {

  /** Copies that files may hold: of the table, and of the bias. */
  NameRules rules(NameRules rules, String table) {
    NameRules more = rules.tying(decoder + ".weight", table);
    String copy = decoder + ".bias";
    return copy.equals(bias) ? more : more.tying(copy, bias);
  }

  /**
   * [batch, time, width] to [batch, time, vocabulary].
   *
   * @param table where the table of the tokens is
   */
  Tensor apply(Scope top, Scope table, Embedding tokens, Tensor hidden) {
    Tensor x = Activation.apply(activation, top.call(dense, layer, hidden));
    Tensor y = top.call(normName, norm, x);
    Tensor logits = tokens.project(table, y);
    return logits.add(top.param(bias, Init.zeros(), tokens.rows()));
  }
}
