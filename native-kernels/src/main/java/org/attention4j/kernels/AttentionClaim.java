package org.attention4j.kernels;

import java.util.ArrayList;
import java.util.List;
import org.attention4j.op.Attention;
import org.attention4j.op.Mask;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.TensorType;

/** Which attention ops the kernels take; sizes may still be symbolic. */
final class AttentionClaim {
  private AttentionClaim() {}

  /** All reasons against it; none if it is taken. */
  static List<String> reasonsAgainst(Attention op, List<TensorType> operands) {
    List<String> reasons = new ArrayList<>();
    TensorType query = operands.get(0);
    if (!AttentionProblem.DTYPES.contains(query.dtype())) {
      reasons.add("the kernels compute f32, bf16 and f16, not " + query.dtype().label());
    }
    headDim("head_dim", query.dim(-1), reasons);
    headDim("value_dim", operands.get(2).dim(-1), reasons);
    if (MaskProgram.nodes(op.mask()) > MaskProgram.MAX_NODES) {
      reasons.add("the mask has more than " + MaskProgram.MAX_NODES + " parts");
    }
    mask(op.mask(), operands, reasons);
    if (op.extras().bias() >= 0) {
      bias(operands.get(Attention.FIXED_OPERANDS + op.extras().bias()), reasons);
    }
    for (int i = Attention.FIXED_OPERANDS; i < operands.size(); i++) {
      boolean bias = i - Attention.FIXED_OPERANDS == op.extras().bias();
      if (!bias && operands.get(i).dtype().isFloating()) {
        reasons.add("operand " + i + " is floating but not a bias: " + operands.get(i));
      }
    }
    return reasons;
  }

  private static void headDim(String name, Dim size, List<String> reasons) {
    if (!size.known()) {
      reasons.add(name + " is not known when the graph is built");
    } else if (size.size() < 1 || size.size() > AttentionProblem.MAX_HEAD_DIM) {
      reasons.add(name + " is " + size + ", not 1 to " + AttentionProblem.MAX_HEAD_DIM);
    }
  }

  private static void bias(TensorType bias, List<String> reasons) {
    if (!AttentionProblem.DTYPES.contains(bias.dtype())) {
      reasons.add("the bias is " + bias.dtype().label() + ", not f32, bf16 or f16");
    }
    if (bias.rank() > 4) {
      reasons.add("the bias has more than 4 axes: " + bias);
    }
  }

  private static void mask(Mask mask, List<TensorType> operands, List<String> reasons) {
    if (mask instanceof Mask.And and) {
      mask(and.first(), operands, reasons);
      mask(and.second(), operands, reasons);
    } else if (mask instanceof Mask.Or or) {
      mask(or.first(), operands, reasons);
      mask(or.second(), operands, reasons);
    } else if (mask instanceof Mask.Given) {
      reasons.add("the mask holds a tensor that is not an operand");
    } else if (mask instanceof Mask.Operand operand) {
      maskTensor(operands.get(Attention.FIXED_OPERANDS + operand.index()), reasons);
    }
  }

  private static void maskTensor(TensorType tensor, List<String> reasons) {
    if (tensor.dtype().isFloating()) {
      reasons.add("the mask " + tensor + " is neither boolean nor integer");
    }
    if (tensor.rank() > 4) {
      reasons.add("the mask has more than 4 axes: " + tensor);
    }
  }
}
