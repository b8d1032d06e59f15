package org.attention4j.op;

import java.util.List;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.Op;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * {@code (x - mean) / sqrt(variance + epsilon) * weight + bias} over the last axis (Ba et al.
 * 2016). Operands: x [.., width], weight [width], bias [width] (may be left out). Result: [..,
 * width].
 */
public record LayerNormalization(double epsilon) implements Composite {
  @Override
  public List<TensorType> infer(List<TensorType> in) {
    Op.check(in.size() == 2 || in.size() == 3, this, "x, weight and optionally bias", in);
    Norms.check(this, in);
    return List.of(in.get(0));
  }

  @Override
  public List<Tensor> expand(List<Tensor> in) {
    Tensor x = in.get(0);
    Tensor centred = x.sub(x.mean(-1));
    Tensor variance = centred.mul(centred).mean(-1);
    Tensor y = centred.div(variance.add(epsilon).sqrt()).mul(in.get(1));
    return List.of(in.size() == 3 ? y.add(in.get(2)) : y);
  }
}
