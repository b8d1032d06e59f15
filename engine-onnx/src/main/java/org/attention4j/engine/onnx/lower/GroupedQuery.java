package org.attention4j.engine.onnx.lower;

import java.util.List;
import org.attention4j.op.Attention;
import org.attention4j.op.Mask;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/** What ONNX Runtime's operator GroupQueryAttention (Ainslie et al. 2023) can say. */
final class GroupedQuery {
  /** It asks for whole blocks of this many features. */
  private static final int BLOCK = 8;

  private GroupedQuery() {}

  /** What a mask consists of. */
  record Parts(boolean causal, int window, int operand) {
    /** Null if the operator has no such mask. */
    static @Nullable Parts of(Mask mask) {
      if (mask instanceof Mask.Causal) {
        return new Parts(true, 0, -1);
      }
      if (mask instanceof Mask.Window window && window.right() == 0) {
        return new Parts(false, window.left(), -1);
      }
      if (mask instanceof Mask.Operand operand) {
        return new Parts(false, 0, operand.index());
      }
      if (mask instanceof Mask.And and) {
        Parts a = of(and.first());
        Parts b = of(and.second());
        return a == null || b == null ? null : a.and(b);
      }
      return null;
    }

    private @Nullable Parts and(Parts other) {
      boolean twice = (window > 0 && other.window > 0) || (operand >= 0 && other.operand >= 0);
      return twice
          ? null
          : new Parts(
              causal || other.causal,
              Math.max(window, other.window),
              Math.max(operand, other.operand));
    }
  }

  /** Whether the operator computes such attention, if its keys come from a cache. */
  static boolean expresses(Attention op, List<TensorType> operands, DType precision) {
    Parts parts = Parts.of(op.mask());
    TensorType query = operands.get(0);
    TensorType key = operands.get(1);
    TensorType value = operands.get(2);
    boolean masked = parts != null && parts.operand() >= 0;
    return parts != null
        && (parts.causal() || parts.window() > 0)
        && (!masked || operands.get(Attention.FIXED_OPERANDS + parts.operand()).rank() == 2)
        && query.dim(3).known()
        && query.size(3) % BLOCK == 0
        && value.dim(3).equals(key.dim(3))
        && op.alibiSlopes().isEmpty()
        && op.extras().bias() < 0
        && op.extras().seed() < 0
        && op.dropout() == 0
        && !op.logSumExp()
        && (precision == DType.F32 || precision == DType.F16);
  }
}
