package org.attention4j.nn;

import org.attention4j.tensor.DType;
import org.attention4j.tensor.Tensor;

/** One vector of a sequence from those of its tokens (Reimers and Gurevych 2019, section 3). */
public enum TokenPooling {
  /** The first token. */
  FIRST,
  /** The largest value of each feature. */
  MAX,
  /** The mean of the tokens. */
  MEAN,
  /** Their sum over the root of their number. */
  MEAN_ROOT,
  /** The mean with weights 1, 2, 3 ... by slot (Muennighoff 2022). */
  WEIGHTED_MEAN,
  /** The last token. */
  LAST;

  private static final double LEAST = 1e-9;

  /**
   * [batch, time, width] to [batch, width]. Without any token the result is 0, with {@link #MAX}
   * -1e9, and with {@link #FIRST} the first slot all the same.
   *
   * @param mask [batch, time], non-zero where there is a token
   */
  public Tensor apply(Tensor hidden, Tensor mask) {
    Tensor token = mask.cast(DType.BOOL);
    Tensor weight = token.cast(hidden.dtype()).insert(-1); // [batch, time, 1]
    return switch (this) {
      case FIRST -> hidden.at(1, 0);
      case MAX -> token.insert(-1).where(hidden, hidden.scalar(-1e9)).maximum(1).drop(1);
      case MEAN -> mean(hidden, weight);
      case MEAN_ROOT -> hidden.mul(weight).sum(1).div(weight.sum(1).max(LEAST).sqrt()).drop(1);
      case WEIGHTED_MEAN -> mean(hidden, weight.mul(slots(hidden, mask).insert(-1)));
      case LAST -> {
        Tensor place = slots(hidden, mask).mul(token.cast(hidden.dtype())); // [batch, time]
        Tensor last = place.eq(place.maximum(1)).and(token).cast(hidden.dtype());
        yield hidden.mul(last.insert(-1)).sum(1).drop(1);
      }
    };
  }

  private static Tensor mean(Tensor hidden, Tensor weight) {
    return hidden.mul(weight).sum(1).div(weight.sum(1).max(LEAST)).drop(1);
  }

  /** 1, 2, 3 ... [time]. */
  private static Tensor slots(Tensor hidden, Tensor mask) {
    return mask.iota(mask.dim(1)).add(mask.integers(1)).cast(hidden.dtype());
  }
}
