package org.attention4j.nn;

import org.attention4j.tensor.Tensor;

/** Something added to attention scores that depends on the pair of query and key. */
@FunctionalInterface
public interface PairBias {
  /**
   * The bias, which broadcasts to [batch, heads, queries, keys].
   *
   * @param query [batch, heads, queries, head_dim]
   * @param key [batch, kv_heads, keys, head_dim], the cache included
   */
  Tensor of(Tensor query, Tensor key);
}
