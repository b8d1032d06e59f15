package org.attention4j.nn;

import org.attention4j.tensor.DType;
import org.attention4j.tensor.Tensor;

/** Ids i64 [..] as vectors with a single 1: f32 [.., classes]. Ids outside give zeros. */
public record OneHot(int classes) implements Block {
  public OneHot {
    Sizes.requirePositive("OneHot", "classes", classes);
  }

  @Override
  public Tensor apply(Scope scope, Tensor ids) {
    return ids.oneHot(classes).cast(DType.F32);
  }
}
