package org.attention4j.nn.longcontext;

import org.attention4j.nn.Scope;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What the heads of a layer compute in place of softmax attention over every pair. Implementations
 * are immutable records.
 */
public interface AttentionVariant {

  /**
   * The output [batch, heads, queries, value_dim].
   *
   * <p>Without a cache there are as many keys as queries. With one the first query stands at {@link
   * Scope#start}, and the keys begin with those of the cache; a variant that cannot serve this
   * throws.
   *
   * @param scope where parameters are
   * @param query [batch, heads, queries, head_dim]
   * @param key [batch, heads, keys, head_dim]
   * @param value [batch, heads, keys, value_dim]
   * @param tokens [batch, keys], non-zero where there is a token; null for everywhere
   * @throws org.attention4j.error.UsageException if there is a cache and the variant has no use for
   *     one
   */
  Tensor attend(Scope scope, Tensor query, Tensor key, Tensor value, @Nullable Tensor tokens);
}
