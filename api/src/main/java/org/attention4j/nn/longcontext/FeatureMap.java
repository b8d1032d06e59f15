package org.attention4j.nn.longcontext;

import org.attention4j.tensor.Tensor;

/**
 * Features whose products stand for the exponential of a score: {@code weight(q, k) = query(q) .
 * key(k)}, never negative. Factors that all keys of one query share cancel, so that the features of
 * a query may be scaled freely.
 */
public interface FeatureMap {
  /** Features of queries: [.., head_dim] to [.., features]. */
  Tensor query(Tensor x);

  /** Features of keys: [.., head_dim] to [.., features]; of each key alone, for causal use. */
  Tensor key(Tensor x);
}
