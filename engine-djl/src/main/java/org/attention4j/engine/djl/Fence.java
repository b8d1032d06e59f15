package org.attention4j.engine.djl;

import java.util.List;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.Op;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * Its operand under another name. TorchScript merges equal calls on equal values; behind a fence
 * the values are not equal to it, so that what is meant to be computed twice is.
 */
record Fence() implements Composite {
  @Override
  public List<TensorType> infer(List<TensorType> in) {
    Op.check(in.size() == 1, this, "one tensor", in);
    return in;
  }

  @Override
  public List<Tensor> expand(List<Tensor> in) {
    return in;
  }
}
