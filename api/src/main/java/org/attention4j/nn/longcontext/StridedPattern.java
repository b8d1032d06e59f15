package org.attention4j.nn.longcontext;

import org.attention4j.nn.Sizes;
import org.attention4j.tensor.Tensor;

/**
 * The strided pattern of the Sparse Transformer (Child et al. 2019, section 4.2), causal: a query
 * sees the last {@code stride} slots, its own among them, and every {@code stride}-th one before.
 */
public record StridedPattern(int stride) implements SlotPattern {
  public StridedPattern {
    Sizes.requirePositive("StridedPattern", "stride", stride);
  }

  @Override
  public Tensor allowed(Tensor query, Tensor key) {
    Tensor distance = query.sub(key);
    Tensor column = distance.div(stride).mul(stride).eq(distance); // a multiple of the stride
    return key.le(query).and(distance.lt(stride).or(column));
  }
}
