package org.attention4j.op;

import java.util.List;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.Op;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/** Logarithm of the softmax over the last axis, without computing the softmax. */
public record LogSoftmax() implements Composite {
  @Override
  public List<TensorType> infer(List<TensorType> in) {
    Op.check(
        in.size() == 1 && in.get(0).rank() > 0 && in.get(0).dtype().isFloating(),
        this,
        "one floating operand with an axis",
        in);
    return in;
  }

  @Override
  public List<Tensor> expand(List<Tensor> in) {
    Tensor x = in.get(0);
    Tensor shifted = x.sub(x.maximum(-1).stopGradient());
    return List.of(shifted.sub(shifted.exp().sum(-1).log()));
  }
}
