package org.attention4j.nn;

import org.attention4j.op.Mask;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A layer whose attention and feed-forward network read the same input side by side: {@code x +
 * attention(norm(x)) + feedForward(norm'(x))} (Wang and Komatsuzaki 2021, GPT-J). Both branches
 * share one normalisation if the two names are equal.
 *
 * @param norm of both branches; they have parameters of their own unless the names are equal
 * @param dropout of each branch, before it is added
 */
public record ParallelLayer(
    MultiHeadAttention attention,
    Block feedForward,
    Block norm,
    TransformerEncoderLayer.Names names,
    double dropout)
    implements Layer {
  public ParallelLayer {
    Sizes.requireProbability("ParallelLayer", dropout);
  }

  @Override
  public Tensor apply(Scope scope, Tensor x, Mask mask, @Nullable PairBias bias) {
    Tensor first = scope.call(names.attentionNorm(), norm, x);
    boolean shared = names.attentionNorm().equals(names.feedForwardNorm());
    Tensor second = shared ? first : scope.call(names.feedForwardNorm(), norm, x);
    Tensor attended = scope.in(names.attention(), s -> attention.self(s, first, mask, bias));
    Tensor fed = scope.call(names.feedForward(), feedForward, second);
    return x.add(scope.dropout(names.attention() + ".dropout", attended, dropout))
        .add(scope.dropout(names.feedForward() + ".dropout", fed, dropout));
  }

  @Override
  public String attentionName() {
    return names.attention();
  }
}
