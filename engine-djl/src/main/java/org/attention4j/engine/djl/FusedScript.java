package org.attention4j.engine.djl;

import java.util.ArrayList;
import java.util.List;
import org.attention4j.op.Activation;
import org.attention4j.op.Affine;
import org.attention4j.op.Attention;
import org.attention4j.op.CrossEntropy;
import org.attention4j.op.Dropout;
import org.attention4j.op.LayerNormalization;
import org.attention4j.op.LogSoftmax;
import org.attention4j.op.RmsNormalization;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.TensorType;

/**
 * The composites that PyTorch has as one operator: which of them are claimed, and their
 * TorchScript. Each has one result. Everything else is expanded into primitives.
 */
final class FusedScript {
  private FusedScript() {}

  /** Whether a composite is run whole. */
  static boolean claims(Composite op, List<TensorType> operands) {
    return obstacles(op, operands).isEmpty();
  }

  /** Why a composite is not run whole; empty if it is. */
  static List<String> obstacles(Composite op, List<TensorType> operands) {
    if (op instanceof Attention attention) {
      return AttentionScript.obstacles(attention);
    }
    if (op instanceof Activation activation) {
      return operator(activation.kind()) == null
          ? List.of("PyTorch has no operator that equals " + activation.name())
          : List.of();
    }
    if (op instanceof LayerNormalization) {
      boolean single = !operands.isEmpty() && operands.get(0).dim(-1).is(1);
      return single
          ? List.of("PyTorch's layer norm of one feature has rounding errors for a gradient of 0")
          : List.of();
    }
    boolean claimed =
        op instanceof Affine
            || op instanceof RmsNormalization
            || op instanceof LogSoftmax
            || op instanceof CrossEntropy
            || op instanceof Dropout;
    return claimed ? List.of() : List.of("PyTorch has no operator for " + op.name());
  }

  /** The expression of a claimed composite. */
  static Term emit(Composite op, ScriptCall call) {
    if (op instanceof Attention attention) {
      return Term.tensor(AttentionScript.emit(attention, call));
    }
    if (op instanceof Affine affine) {
      return Term.tensor(affine(affine, call));
    }
    if (op instanceof Activation activation) {
      return Term.tensor(String.format(operator(activation.kind()), call.tensor(0)));
    }
    if (op instanceof LayerNormalization norm) {
      String bias = call.count() == 3 ? call.tensor(2) : "None";
      return Term.tensor(
          "torch.layer_norm("
              + call.tensor(0)
              + ", "
              + lastAxis(call)
              + ", "
              + call.tensor(1)
              + ", "
              + bias
              + ", "
              + norm.epsilon()
              + ", False)");
    }
    if (op instanceof RmsNormalization norm) {
      return Term.tensor(
          "torch.rms_norm("
              + call.tensor(0)
              + ", "
              + lastAxis(call)
              + ", "
              + call.tensor(1)
              + ", "
              + norm.epsilon()
              + ")");
    }
    if (op instanceof LogSoftmax) {
      return Term.tensor("torch.log_softmax(" + call.tensor(0) + ", -1)");
    }
    if (op instanceof CrossEntropy loss) {
      return Term.tensor(crossEntropy(loss, call));
    }
    if (op instanceof Dropout dropout) {
      return Term.tensor(DropoutScript.emit(dropout, call));
    }
    throw new IllegalStateException(op.name() + " is not claimed");
  }

  private static String affine(Affine op, ScriptCall call) {
    String weight = call.factor(1);
    String matrix = op.transposed() ? weight : "torch.t(" + weight + ")";
    String bias = call.count() == 3 ? ", " + call.factor(2) : "";
    return call.product("torch.linear(" + call.factor(0) + ", " + matrix + bias + ")");
  }

  /** The operator's text with {@code %s} for x; null where there is none that is exact enough. */
  private static @org.jspecify.annotations.Nullable String operator(Activation.Kind kind) {
    return switch (kind) {
      case RELU -> "torch.relu(%s)";
      case RELU_SQUARED -> "torch.square(torch.relu(%s))";
      case GELU -> "torch.gelu(%s, approximate=\"none\")";
      case GELU_TANH -> "torch.gelu(%s, approximate=\"tanh\")";
      case QUICK_GELU -> "torch.mul(%1$s, torch.sigmoid(torch.mul(%1$s, 1.702)))";
      case SILU -> "torch.silu(%s)";
      case SIGMOID -> "torch.sigmoid(%s)";
      case ELU -> "torch.elu(%s)";
      case LEAKY_RELU -> "torch.leaky_relu(%s, 0.01)";
      case TANH -> "torch.tanh(%s)";
      // among the others, softplus and mish are linear beyond 20, which float64 can tell, and the
      // slope of hard swish at -3 has changed between versions
      default -> null;
    };
  }

  static String lastAxis(ScriptCall call) {
    return "[" + call.writer().size(call.type(0).dim(-1)) + "]";
  }

  private static String crossEntropy(CrossEntropy op, ScriptCall call) {
    TensorType logits = call.type(0);
    Dim rows = call.type(1).count();
    String matrix = call.tensor(0);
    String labels = call.tensor(1);
    if (logits.rank() != 2) {
      List<Dim> flat = new ArrayList<>(List.of(rows, logits.dim(-1)));
      matrix = "torch.reshape(" + matrix + ", " + call.writer().sizes(flat) + ")";
      labels = "torch.reshape(" + labels + ", [" + call.writer().size(rows) + "])";
    }
    int reduction = op.reduction() == CrossEntropy.Reduction.MEAN ? 1 : 2;
    return "torch.cross_entropy_loss("
        + matrix
        + ", "
        + labels
        + ", None, "
        + reduction
        + ", "
        + op.ignoreIndex()
        + ", "
        + op.labelSmoothing()
        + ")";
  }
}
