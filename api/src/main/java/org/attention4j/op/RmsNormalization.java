package org.attention4j.op;

import java.util.List;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.Op;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * {@code x / sqrt(mean(x^2) + epsilon) * weight} over the last axis (Zhang and Sennrich 2019).
 * Operands: x [.., width], weight [width]. Result: [.., width].
 */
public record RmsNormalization(double epsilon) implements Composite {
  @Override
  public List<TensorType> infer(List<TensorType> in) {
    Op.check(in.size() == 2, this, "x and weight", in);
    Norms.check(this, in);
    return List.of(in.get(0));
  }

  @Override
  public List<Tensor> expand(List<Tensor> in) {
    Tensor x = in.get(0);
    Tensor meanSquare = x.mul(x).mean(-1);
    return List.of(x.div(meanSquare.add(epsilon).sqrt()).mul(in.get(1)));
  }
}
