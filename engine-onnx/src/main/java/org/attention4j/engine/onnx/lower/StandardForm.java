package org.attention4j.engine.onnx.lower;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.op.Attention;
import org.attention4j.op.Mask;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * An attention as a model of its own, in one of two parts: the mask that {@link StandardAttention}
 * takes, which layers share, and the attention given that mask. Or its expansion as it is.
 *
 * <p>Hidden pairs are {@code false}, or -infinity where something is added to the scores. What a
 * query gets that may attend to nothing has been NaN, a mean and 0 in the life of opset 23, so its
 * row is replaced by 0.
 */
record StandardForm(Attention op, List<TensorType> operands, Part part) implements Model {
  /** The mask. */
  static final String MASK = "mask";

  /** Which queries may attend to something. */
  static final String FILLED = "filled";

  /** The attention's results, with their index. */
  static final String RESULT = "result";

  /** What is traced. */
  enum Part {
    MASK,
    NODE,
    EXPANSION
  }

  /** Names the operands in order, the mask and what is filled behind them. */
  static String operand(int index) {
    return "operand" + index;
  }

  @Override
  public Map<String, TensorType> inputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>();
    for (int i = 0; i < operands.size(); i++) {
      inputs.put(operand(i), operands.get(i));
    }
    return inputs;
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs given) {
    List<Tensor> in = new ArrayList<>();
    for (int i = 0; i < operands.size(); i++) {
      in.add(given.get(operand(i)));
    }
    return switch (part) {
      case MASK -> mask(in);
      case NODE -> node(in);
      case EXPANSION -> named(Tensor.run(in.get(0).executor(), op, in));
    };
  }

  private Map<String, Tensor> mask(List<Tensor> in) {
    Tensor allowed = op.allowed(in);
    Tensor added = op.added(in);
    Tensor mask = added;
    if (allowed != null && added != null) {
      mask = allowed.where(added, added.scalar(Double.NEGATIVE_INFINITY));
    } else if (allowed != null) {
      mask = allowed;
    }
    Map<String, Tensor> result = new LinkedHashMap<>();
    if (mask != null) {
      result.put(MASK, whole(mask, in));
    }
    if (allowed != null && StandardAttention.mayBeEmpty(op)) {
      Tensor real = in.get(0);
      Tensor any = allowed.where(real.scalar(1), real.scalar(0)).maximum(-1); // [.., queries, 1]
      result.put(FILLED, real.scalar(0).lt(any));
    }
    return result;
  }

  /** Runtimes broadcast batch and heads only: [1 or batch, 1 or heads, queries, keys]. */
  private static Tensor whole(Tensor mask, List<Tensor> in) {
    Tensor lifted = mask;
    while (lifted.rank() < 4) {
      lifted = lifted.insert(0);
    }
    Dim queries = in.get(0).dim(2);
    Dim keys = in.get(1).dim(2);
    return lifted.expand(List.of(lifted.dim(0), lifted.dim(1), queries, keys));
  }

  /** Operands: query, key, value and, if there is one, the mask and which queries are filled. */
  private Map<String, Tensor> node(List<Tensor> in) {
    int taken = Math.min(in.size(), Attention.FIXED_OPERANDS + 1);
    Tensor mask = in.size() > Attention.FIXED_OPERANDS ? in.get(Attention.FIXED_OPERANDS) : null;
    Tensor output = Tensor.run(in.get(0).executor(), standard(mask), in.subList(0, taken)).get(0);
    if (in.size() > taken) {
      output = in.get(taken).where(output, output.scalar(0));
    }
    return named(List.of(output));
  }

  /** The attention with all that hides or adds in one mask. */
  private StandardAttention standard(@Nullable Tensor mask) {
    boolean bias = mask != null && mask.dtype().isFloating();
    boolean causal = mask == null && op.mask() instanceof Mask.Causal;
    boolean pairs = mask != null && !bias;
    return new StandardAttention(
        new Attention(
            causal ? Mask.causal() : pairs ? new Mask.Operand(0) : Mask.all(),
            op.scale(),
            op.softcap(),
            Dim.of(0),
            List.of(),
            0,
            0,
            new Attention.Extras(-1, bias ? 0 : -1, -1),
            false));
  }

  private static Map<String, Tensor> named(List<Tensor> results) {
    Map<String, Tensor> named = new LinkedHashMap<>();
    for (int i = 0; i < results.size(); i++) {
      named.put(RESULT + i, results.get(i));
    }
    return named;
  }
}
