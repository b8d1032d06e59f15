package org.attention4j.engine.onnx.lower;

import java.util.List;
import java.util.Map;
import org.attention4j.op.Attention;
import org.attention4j.op.Mask;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * Attention that is one node {@code Attention} of opset 23: query [batch, heads, queries,
 * head_dim], key [batch, kv_heads, keys, head_dim], value [batch, kv_heads, keys, value_dim] and,
 * unless the mask says all, a tensor [batch or 1, heads or 1, queries, keys] that either hides
 * pairs (boolean) or is added to the scores.
 *
 * @param of what is computed: its mask is all, or causal from slot 0, or its only extra operand
 */
record StandardAttention(Attention of) implements Composite {

  /** Without a mask, or causal from slot 0: the operator needs no tensor for it. */
  static boolean needsNoMask(Attention op) {
    boolean causal = op.mask() instanceof Mask.Causal && op.start() != null && op.start().is(0);
    boolean all = op.mask() instanceof Mask.All && op.start() != null;
    return (all || causal) && op.alibiSlopes().isEmpty() && op.extras().bias() < 0;
  }

  /** Why a node of the standard's cannot compute such attention; empty if it can. */
  static String obstacle(Attention op, List<TensorType> operands, DType precision) {
    if (precision != DType.F32 && precision != DType.F16) {
      return "runtimes compute it in f32 and f16, not in " + precision.label();
    }
    if (op.logSumExp()) {
      return "it has no log-sum-exp";
    }
    if (op.dropout() > 0) {
      return "it has no dropout";
    }
    if (!(op.scale() > 0)) {
      return "its scale is positive, not " + op.scale();
    }
    boolean plain = op.mask() instanceof Mask.All && needsNoMask(op);
    if (op.softcap() > 0 && !plain) {
      return "whether softcap comes before or after the mask has changed in the standard";
    }
    TensorType query = operands.get(0);
    int bias = op.extras().bias();
    if (bias >= 0 && operands.get(Attention.FIXED_OPERANDS + bias).dtype() != query.dtype()) {
      return "its bias is of the query's type";
    }
    boolean empty =
        operands.subList(0, Attention.FIXED_OPERANDS).stream()
            .anyMatch(type -> type.dims().stream().anyMatch(dim -> dim.is(0)));
    return empty ? "it takes no empty axes" : "";
  }

  /** Whether a query may have nothing to attend to, where the standard's result has changed. */
  static boolean mayBeEmpty(Attention op) {
    Dim start = op.start();
    boolean first = start != null && (start.isSymbol() || (start.known() && start.longSize() >= 0));
    return !first || !(op.mask() instanceof Mask.Causal || op.mask() instanceof Mask.All);
  }

  @Override
  public StandardAttention bind(Map<String, Long> sizes) {
    return new StandardAttention(of.bind(sizes));
  }

  @Override
  public List<TensorType> infer(List<TensorType> in) {
    return of.infer(in);
  }

  @Override
  public List<Tensor> expand(List<Tensor> in) {
    return of.expand(in);
  }
}
