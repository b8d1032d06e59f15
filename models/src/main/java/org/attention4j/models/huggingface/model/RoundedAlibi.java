package org.attention4j.models.huggingface.model;

import java.util.List;
import org.attention4j.nn.PairBias;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * ALiBi (Press et al. 2022) in the form that Falcon was trained with: slope times the key's place,
 * the slope, the place and their product each rounded to bf16, whatever else is computed in. So it
 * is no function of distances, and the operation's own ALiBi would differ: with 16 heads by 7e-3 of
 * the logits of a random model.
 *
 * @param slopes one a head
 * @param factor of the rounded product
 */
public record RoundedAlibi(List<Double> slopes, double factor) {
  public RoundedAlibi {
    slopes = List.copyOf(slopes);
  }

  /**
   * The bias [batch or 1, heads, 1, keys] of all queries. Places are counted from the first token,
   * so padding on the left changes nothing.
   *
   * @param attentionMask [batch, keys], non-zero where there is a token; null for everywhere
   */
  PairBias in(@Nullable Tensor attentionMask) {
    return (query, key) -> {
      Tensor place = places(query, key, attentionMask).insert(1).insert(1); // [batch, 1, 1, keys]
      Tensor slope = place.constant(slopes.stream().mapToDouble(s -> s).toArray());
      Tensor rounded = rounded(slope).insert(-1).insert(-1); // [heads, 1, 1]
      return rounded(rounded(place).mul(rounded)).cast(query.dtype()).mul(factor);
    };
  }

  /** How many slots each key is behind the first token, f32 [batch or 1, keys]. */
  private static Tensor places(Tensor query, Tensor key, @Nullable Tensor attentionMask) {
    Tensor slot = query.iota(key.dim(2)).cast(DType.F32).insert(0); // [1, keys]
    if (attentionMask == null) {
      return slot;
    }
    Tensor token = attentionMask.cast(DType.BOOL);
    Tensor first = token.where(slot.neg(), slot.scalar(Float.NEGATIVE_INFINITY)).maximum(1).neg();
    return token.where(slot.sub(first), slot.scalar(0)); // first: [batch, 1]
  }

  private static Tensor rounded(Tensor x) {
    return x.cast(DType.BF16).cast(DType.F32);
  }
}
