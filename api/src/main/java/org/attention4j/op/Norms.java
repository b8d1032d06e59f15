package org.attention4j.op;

import java.util.List;
import org.attention4j.tensor.Op;
import org.attention4j.tensor.TensorType;

/** The shape rule that the normalisations share. */
final class Norms {
  private Norms() {}

  /** x is floating with an axis; the others are vectors as long as its last one. */
  static void check(Op op, List<TensorType> in) {
    TensorType x = in.get(0);
    Op.check(x.rank() > 0 && x.dtype().isFloating(), op, "a floating x with an axis", in);
    TensorType vector = new TensorType(x.dtype(), List.of(x.dim(-1)));
    boolean vectors = in.subList(1, in.size()).stream().allMatch(vector::equals);
    Op.check(vectors, op, "weight and bias of type " + vector, in);
  }
}
