package org.attention4j.nn.longcontext;

import org.attention4j.error.UsageException;
import org.attention4j.nn.Sizes;
import org.attention4j.op.LogSoftmax;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Primitive;
import org.attention4j.tensor.Tensor;

/**
 * kNN-LM (Khandelwal et al. 2020, equations 2 and 3): the next-token distribution of a language
 * model mixed with that of the nearest entries of a datastore, which pairs hidden states with the
 * tokens that followed them. Nothing is trained.
 *
 * @param neighbours entries that count, at most all
 * @param share of the datastore's distribution, from 0 to less than 1
 * @param temperature divides the squared distances; 1 as published
 */
public record NearestNeighbourLanguageModel(int neighbours, double share, double temperature) {
  private static final double NOWHERE = -1e4; // a logarithm of 0 that f16 can hold

  public NearestNeighbourLanguageModel {
    Sizes.requirePositive("NearestNeighbourLanguageModel", "neighbours", neighbours);
    if (!(share >= 0 && share < 1) || !(temperature > 0)) {
      throw new UsageException(
          "NearestNeighbourLanguageModel: a share from 0 to less than 1 and a positive temperature,"
              + " not "
              + share
              + " and "
              + temperature);
    }
  }

  /**
   * The mixed distribution as logarithms, which serve as logits: [batch, time, vocabulary].
   *
   * @param logits of the language model, [batch, time, vocabulary]
   * @param hidden what the datastore is asked with, [batch, time, width]
   * @param keys of the datastore, [entries, width]
   * @param tokens that followed them, i64 [entries]
   */
  public Tensor logProbabilities(Tensor logits, Tensor hidden, Tensor keys, Tensor tokens) {
    Tensor model = logits.apply(new LogSoftmax());
    if (share == 0) {
      return model;
    }
    Tensor found = distribution(hidden, keys, tokens, logits.dim(-1));
    Tensor positive = found.scalar(0).lt(found);
    Tensor safe = positive.where(found, found.scalar(1)).log().add(Math.log(share));
    Tensor recalled = positive.where(safe, found.scalar(NOWHERE));
    Tensor own = model.add(Math.log(1 - share));
    Tensor most = own.max(recalled).stopGradient();
    return own.sub(most).exp().add(recalled.sub(most).exp()).log().add(most);
  }

  /**
   * The datastore's distribution alone: softmax over the negative squared distances of the nearest
   * entries, summed up by token, [batch, time, vocabulary].
   */
  public Tensor distribution(Tensor hidden, Tensor keys, Tensor tokens, Dim vocabulary) {
    Tensor norm = keys.mul(keys).sum(-1).drop(-1); // [entries]
    // |h - k|^2 without |h|^2, which all entries share
    Tensor near = hidden.matmulTransposed(keys).mul(2).sub(norm).div(temperature);
    Tensor nearest = near.topK(neighbours); // [batch, time, neighbours]
    Tensor weights = near.takeAlong(2, nearest).softmax();
    return tokens.take(nearest).apply(new Primitive.ScatterAlong(2, vocabulary), weights);
  }
}
