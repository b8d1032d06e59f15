package org.attention4j.nn.longcontext;

import org.attention4j.error.UsageException;
import org.attention4j.nn.Sizes;
import org.attention4j.tensor.Tensor;

/**
 * The fixed pattern of the Sparse Transformer (Child et al. 2019, section 4.2), causal: a query
 * sees its own block of {@code stride} slots up to itself, and the last {@code summary} slots of
 * every block before.
 */
public record FixedPattern(int stride, int summary) implements SlotPattern {
  public FixedPattern {
    Sizes.requirePositive("FixedPattern", "stride", stride, "summary", summary);
    if (summary > stride) {
      throw new UsageException(
          "FixedPattern: " + summary + " summary slots are more than the stride of " + stride);
    }
  }

  @Override
  public Tensor allowed(Tensor query, Tensor key) {
    Tensor block = key.div(stride);
    Tensor own = query.div(stride).eq(block);
    Tensor last = key.scalar(stride - summary).le(key.sub(block.mul(stride)));
    return key.le(query).and(own.or(last));
  }
}
