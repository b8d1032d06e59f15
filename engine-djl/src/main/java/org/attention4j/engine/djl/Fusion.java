package org.attention4j.engine.djl;

import java.util.List;
import org.attention4j.op.Activation;
import org.attention4j.op.Attention;
import org.attention4j.op.Backward;
import org.attention4j.op.Dropout;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * Which composites stay whole in a graph, and how they are written: attention by a kernel if one
 * was chosen, the others by PyTorch's operators. Thread-safe.
 */
final class Fusion {
  /** PyTorch's operators only, differentiated by autograd if at all. */
  static final Fusion PYTORCH = new Fusion(null, false);

  private final @Nullable AttentionKernel kernel;
  private final boolean gradients;

  private Fusion(@Nullable AttentionKernel kernel, boolean gradients) {
    this.kernel = kernel;
    this.gradients = gradients;
  }

  /** For graphs without {@link Backward}. */
  static Fusion forInference(@Nullable AttentionKernel kernel) {
    return kernel == null ? PYTORCH : new Fusion(kernel, false);
  }

  /** For graphs that hold their own gradient. */
  static Fusion forGradients(AttentionKernel kernel) {
    return new Fusion(kernel, true);
  }

  /** Whether a composite stays whole. */
  boolean claims(Composite op, List<TensorType> operands) {
    if (op instanceof Backward backward) {
      return gradients && claimsBackward(backward, operands);
    }
    if (op instanceof Fence) {
      return true;
    }
    if (kernel != null && op instanceof Attention && kernel.claims(op, operands)) {
      return true;
    }
    // the gradient of PyTorch's attention would need autograd
    boolean excluded = gradients && op instanceof Attention;
    return !excluded && FusedScript.claims(op, operands);
  }

  private boolean claimsBackward(Backward op, List<TensorType> operands) {
    if (kernel != null && op.of() instanceof Attention) {
      return kernel.claims(op, operands);
    }
    return BackwardScript.claims(op, operands);
  }

  /** Writes a claimed composite. */
  Written write(Composite op, ScriptCall call) {
    if (op instanceof Fence) {
      return Written.of(Term.tensor("torch.alias(" + call.tensor(0) + ")"));
    }
    if (kernel != null && op instanceof Attention attention && kernel.claims(op, call.types())) {
      return kernel.forward(attention, call, gradients);
    }
    if (op instanceof Backward backward) {
      if (kernel != null && backward.of() instanceof Attention) {
        return kernel.backward(backward, call);
      }
      if (kernel != null
          && backward.of() instanceof Dropout dropout
          && kernel.claims(dropout, call.type(0))) { // its gradient is its own
        ScriptCall again = BackwardScript.dropoutOfCotangent(backward, call);
        return Written.of(Term.tensor(kernel.dropout(dropout, again, null)));
      }
      if (kernel != null
          && backward.of() instanceof Activation activation
          && kernel.claims(activation, call.type(0))) {
        return Written.of(Term.tensor(slopeProduct(backward, call)));
      }
      return BackwardScript.write(backward, call);
    }
    if (kernel != null && op instanceof Dropout dropout && kernel.claims(dropout, call.type(0))) {
      return Written.of(Term.tensor(kernel.dropout(dropout, call, null)));
    }
    if (kernel != null
        && gradients
        && op instanceof Activation activation
        && kernel.claims(activation, call.type(0))) {
      return kernel.activation(activation, call);
    }
    Written withSaved = gradients ? BackwardScript.writeForward(op, call) : null;
    return withSaved != null ? withSaved : Written.of(FusedScript.emit(op, call));
  }

  /** The cotangent times the slope that {@link AttentionKernel#activation} saved. */
  private static String slopeProduct(Backward op, ScriptCall call) {
    List<String> saved = call.saved(op.operands());
    if (saved.size() != 1) {
      throw new IllegalStateException("the forward pass of " + op + " is not in this graph");
    }
    return "torch.mul(" + call.tensor(op.operands() + 1) + ", " + saved.get(0) + ")";
  }
}
