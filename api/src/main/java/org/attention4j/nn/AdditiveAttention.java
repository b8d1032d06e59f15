package org.attention4j.nn;

import java.util.ArrayList;
import java.util.List;
import org.attention4j.op.Mask;
import org.attention4j.tensor.Tensor;

/**
 * Additive attention (Bahdanau, Cho and Bengio 2015): the score of a pair is {@code v . tanh(W
 * query + U key)}. Parameters: {@code query.weight} [inner, queryWidth], {@code key.weight} [inner,
 * keyWidth], {@code energy.weight} [1, inner].
 */
public record AdditiveAttention(int queryWidth, int keyWidth, int inner) {
  public AdditiveAttention {
    Sizes.requirePositive(
        "AdditiveAttention", "queryWidth", queryWidth, "keyWidth", keyWidth, "inner", inner);
  }

  /**
   * The mean of the values under softmax(scores): [batch, queries, value_width]. A query with
   * nothing to attend to gets 0.
   *
   * @param query [batch, queries, queryWidth]
   * @param key [batch, keys, keyWidth]
   * @param value [batch, keys, value_width]
   * @param mask which keys count, slots from 0
   */
  public Tensor apply(Scope scope, Tensor query, Tensor key, Tensor value, Mask mask) {
    Linear.Style plain = Linear.Style.usual().withoutBias();
    Tensor q = scope.call("query", new Linear(queryWidth, inner, plain), query);
    Tensor k = scope.call("key", new Linear(keyWidth, inner, plain), key);
    Tensor pairs = q.insert(2).add(k.insert(1)).tanh(); // [batch, queries, keys, inner]
    Tensor scores = scope.call("energy", new Linear(inner, 1, plain), pairs).drop(-1);
    Tensor weights = masked(scores.insert(1), query, key, mask).drop(1); // [batch, queries, keys]
    scope.report("weights", weights);
    return weights.matmul(value);
  }

  private static Tensor masked(Tensor scores, Tensor query, Tensor key, Mask mask) {
    List<Tensor> operands = new ArrayList<>();
    Mask lifted = mask.lift(operands);
    Tensor querySlot = query.iota(query.dim(1)).insert(1); // [queries, 1]
    Tensor keySlot = query.iota(key.dim(1)).insert(0); // [1, keys]
    Tensor allowed = lifted.allowed(querySlot, keySlot, operands);
    if (allowed == null) {
      return scores.softmax();
    }
    Tensor p = allowed.where(scores, scores.scalar(-1e30)).softmax();
    return allowed.where(p, p.scalar(0));
  }
}
