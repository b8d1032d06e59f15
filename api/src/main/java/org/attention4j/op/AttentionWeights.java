package org.attention4j.op;

import java.util.List;
import java.util.Map;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * The probabilities of an {@link Attention}, for pictures and analysis: same operands, one result
 * [batch, heads, queries, keys]. No dropout is applied.
 */
public record AttentionWeights(Attention of) implements Composite {
  @Override
  public AttentionWeights bind(Map<String, Long> sizes) {
    return new AttentionWeights(of.bind(sizes));
  }

  @Override
  public List<TensorType> infer(List<TensorType> in) {
    of.infer(in);
    return List.of(in.get(0).with(-1, in.get(1).dim(2)));
  }

  @Override
  public List<Tensor> expand(List<Tensor> in) {
    return List.of(of.scores(in).weights());
  }
}
