package org.attention4j.nn.longcontext;

import org.attention4j.tensor.Tensor;

/** {@code elu(x) + 1} of each feature (Katharopoulos et al. 2020, equation 7). */
public record EluFeatures() implements FeatureMap {
  @Override
  public Tensor query(Tensor x) {
    return x.max(0).add(x.min(0).exp()); // x + 1 above 0, exp(x) below
  }

  @Override
  public Tensor key(Tensor x) {
    return query(x);
  }
}
