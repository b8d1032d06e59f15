package org.attention4j.nn.longcontext;

import java.util.List;
import org.attention4j.tensor.Tensor;

/**
 * Softmax attention over a set of keys, put together from attention over parts of the set: outputs
 * weighed by the exponentials of their log-sum-exps.
 */
final class SoftmaxParts {
  private SoftmaxParts() {}

  /** The log-sum-exp over the last axis, which goes away; scores are finite. */
  static Tensor logSumExp(Tensor scores) {
    Tensor most = scores.maximum(-1).stopGradient();
    return scores.sub(most).exp().sum(-1).log().add(most).drop(-1);
  }

  /**
   * The output over all parts; a key in several parts counts as often.
   *
   * @param outputs [.., value_dim] each
   * @param logSumExps [..] each, of which one is finite everywhere
   */
  static Tensor merge(List<Tensor> outputs, List<Tensor> logSumExps) {
    Tensor most = logSumExps.get(0);
    for (Tensor part : logSumExps.subList(1, logSumExps.size())) {
      most = most.max(part);
    }
    most = most.stopGradient(); // a common factor, which cancels
    Tensor sum = null;
    Tensor norm = null;
    for (int i = 0; i < outputs.size(); i++) {
      Tensor share = logSumExps.get(i).sub(most).exp().insert(-1); // [.., 1]
      Tensor part = outputs.get(i).mul(share);
      sum = sum == null ? part : sum.add(part);
      norm = norm == null ? share : norm.add(share);
    }
    if (sum == null || norm == null) {
      throw new IllegalArgumentException("no parts to merge");
    }
    return sum.div(norm);
  }
}
