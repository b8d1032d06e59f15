package org.attention4j.models.huggingface.model;

import java.util.regex.Pattern;
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
 * @param tied whether the table is that of the embeddings
 * @param decoder the table and its bias where it is not; else copies that files may hold
 * @param bias where it is tied, or what older files call that of the decoder
 */
public record MaskedHead(
    String dense,
    Linear layer,
    Activation.Kind activation,
    String normName,
    Block norm,
    boolean tied,
    String decoder,
    String bias) {

  /** Copies that files may hold: of the table, and of the bias. */
  NameRules rules(NameRules rules, String table) {
    NameRules more = tied ? rules.tying(decoder + ".weight", table) : rules;
    String own = decoder + ".bias";
    if (own.equals(bias)) {
      return more;
    }
    // Without tying, newer releases write the old bias as well, and do not read it.
    return tied ? more.tying(own, bias) : more.tying(bias, own).ignoring(Pattern.quote(bias));
  }

  /**
   * [batch, time, width] to [batch, time, vocabulary].
   *
   * @param table where the table of the tokens is
   */
  Tensor apply(Scope top, Scope table, Embedding tokens, Tensor hidden) {
    Tensor x = Activation.apply(activation, top.call(dense, layer, hidden));
    Tensor y = top.call(normName, norm, x);
    Tensor logits = tokens.project(tied ? table : top.child(decoder), y);
    String path = tied ? bias : decoder + ".bias";
    return logits.add(top.param(path, Init.zeros(), tokens.rows()));
  }
}
