package org.attention4j.engine.onnx.lower;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.attention4j.op.Attention;
import org.attention4j.op.Mask;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Primitive;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * Causal attention together with the growth of its cache: the operator GroupQueryAttention of ONNX
 * Runtime (Ainslie et al. 2023).
 *
 * <p>Operands: query [batch, heads, time, head_dim], fresh key and value [batch, kv_heads, time,
 * head_dim], past key and value [batch, kv_heads, past, head_dim], then the extras of the
 * attention. Results: output like the query, key and value with the past.
 *
 * @param of what is computed; its key and value are the past followed by the fresh rows, or a
 *     buffer into which the fresh rows are written at {@code extras.start}
 * @param timeFirst which of query, fresh key, fresh value and output are [batch, time, heads,
 *     head_dim]: flags as in {@link LaidOutAttention}
 */
record GroupedQuery(Attention of, long timeFirst) implements Composite {
  static final int PAST_KEY = 3;
  static final int PAST_VALUE = 4;
  static final int FIXED_OPERANDS = 5;

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

  /** ONNX Runtime asks for whole blocks of this many features. */
  private static final int BLOCK = 8;

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

  /** The mask's parts. */
  Parts parts() {
    Parts parts = Parts.of(of.mask());
    if (parts == null) {
      throw new IllegalStateException("not expressible: " + of);
    }
    return parts;
  }

  @Override
  public GroupedQuery bind(Map<String, Long> sizes) {
    return new GroupedQuery(of.bind(sizes), timeFirst);
  }

  /** Whether fresh rows are written into a buffer. */
  boolean inPlace() {
    return of.start() == null;
  }

  @Override
  public List<TensorType> infer(List<TensorType> in) {
    TensorType past = in.get(PAST_KEY);
    Dim time = in.get(1).dim((timeFirst & LaidOutAttention.OPERAND_FLAGS.get(1)) != 0 ? 1 : 2);
    TensorType grown = inPlace() ? past : past.with(2, past.dim(2).plus(time));
    return List.of(in.get(0), grown, grown.with(3, in.get(PAST_VALUE).dim(3)));
  }

  @Override
  public List<Tensor> expand(List<Tensor> in) {
    List<Tensor> operands = new ArrayList<>(List.of(in.get(0)));
    for (int i = 1; i < Attention.FIXED_OPERANDS; i++) {
      boolean swapped = (timeFirst & LaidOutAttention.OPERAND_FLAGS.get(i)) != 0;
      Tensor fresh = swapped ? in.get(i).permute(0, 2, 1, 3) : in.get(i);
      Tensor past = in.get(PAST_KEY + i - 1);
      operands.add(
          inPlace()
              ? past.apply(
                  new Primitive.Update(2), fresh, in.get(FIXED_OPERANDS + of.extras().start()))
              : past.concat(2, fresh));
    }
    operands.addAll(in.subList(FIXED_OPERANDS, in.size()));
    long swappedBefore =
        LaidOutAttention.OPERAND_FLAGS.get(1) | LaidOutAttention.OPERAND_FLAGS.get(2);
    long rest = timeFirst & ~swappedBefore;
    List<Tensor> results = new LaidOutAttention(of, rest).expand(operands);
    return List.of(results.get(0), operands.get(1), operands.get(2));
  }
}
