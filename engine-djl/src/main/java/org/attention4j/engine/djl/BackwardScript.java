package org.attention4j.engine.djl;

import java.util.ArrayList;
import java.util.List;
import org.attention4j.op.Activation;
import org.attention4j.op.Backward;
import org.attention4j.op.CrossEntropy;
import org.attention4j.op.Dropout;
import org.attention4j.op.LayerNormalization;
import org.attention4j.op.LogSoftmax;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * The {@link Backward} of composites for which PyTorch has an operator, and the forward operators
 * that save what those need. The gradient of everything else is expanded into primitives.
 */
final class BackwardScript {
  private BackwardScript() {}

  static boolean claims(Backward op, List<TensorType> operands) {
    Composite of = op.of();
    if (of instanceof CrossEntropy loss) {
      return loss.labelSmoothing() == 0;
    }
    if (of instanceof Activation activation) {
      return formula(activation.kind()) != null;
    }
    boolean known =
        of instanceof LayerNormalization || of instanceof LogSoftmax || of instanceof Dropout;
    return known && FusedScript.claims(of, operands.subList(0, op.operands()));
  }

  /** The forward pass with what backward needs; null where the plain operator will do. */
  static @Nullable Written writeForward(Composite op, ScriptCall call) {
    if (op instanceof LayerNormalization norm) {
      List<String> names =
          call.writer()
              .names(
                  "n",
                  3,
                  "torch.native_layer_norm("
                      + call.tensor(0)
                      + ", "
                      + FusedScript.lastAxis(call)
                      + ", "
                      + call.tensor(1)
                      + ", "
                      + bias(call.count() == 3, call)
                      + ", "
                      + norm.epsilon()
                      + ")");
      return new Written(List.of(Term.tensor(names.get(0))), names.subList(1, 3));
    }
    if (op instanceof CrossEntropy loss && loss.labelSmoothing() == 0) {
      return crossEntropy(loss, call);
    }
    return null;
  }

  private static String bias(boolean present, ScriptCall call) {
    return present ? call.tensor(2) : "None";
  }

  private static Written crossEntropy(CrossEntropy op, ScriptCall call) {
    ScriptWriter writer = call.writer();
    Dim rows = call.type(1).count();
    String flat =
        "torch.reshape("
            + call.tensor(0)
            + ", "
            + writer.sizes(List.of(rows, call.type(0).dim(-1)))
            + ")";
    String logs = writer.name("l", "torch.log_softmax(" + flat + ", -1)"); // [rows, classes]
    String labels =
        writer.name("l", "torch.reshape(" + call.tensor(1) + ", [" + writer.size(rows) + "])");
    List<String> names =
        writer.names("l", 2, "torch.nll_loss_forward(" + logs + ", " + labels + reduction(op));
    return new Written(List.of(Term.tensor(names.get(0))), List.of(logs, labels, names.get(1)));
  }

  private static String reduction(CrossEntropy op) {
    int number = op.reduction() == CrossEntropy.Reduction.MEAN ? 1 : 2;
    return ", None, " + number + ", " + op.ignoreIndex() + ")";
  }

  static Written write(Backward op, ScriptCall call) {
    Composite of = op.of();
    int result = op.operands();
    String cotangent = call.tensor(result + 1);
    if (of instanceof Activation activation) {
      String formula = formula(activation.kind());
      if (formula == null) {
        throw new IllegalStateException(op.name() + " is not claimed");
      }
      // y before x: a value that the formula does not name is not kept alive for it
      return Written.of(
          Term.tensor(
              formula
                  .replace("DY", cotangent)
                  .replace("Y", call.tensor(result))
                  .replace("X", call.tensor(0))));
    }
    if (of instanceof LogSoftmax) {
      return Written.of(logSoftmax(cotangent, call.tensor(result), call));
    }
    if (of instanceof Dropout dropout) {
      return Written.of(FusedScript.emit(dropout, dropoutOfCotangent(op, call)));
    }
    if (of instanceof LayerNormalization) {
      return layerNorm(op, cotangent, call);
    }
    if (of instanceof CrossEntropy loss) {
      List<String> saved = call.saved(result);
      String chosen =
          "torch.nll_loss_backward("
              + cotangent
              + ", "
              + saved.get(0)
              + ", "
              + saved.get(1)
              + reduction(loss).replace(")", ", " + saved.get(2) + ")");
      Term rows = logSoftmax(chosen, saved.get(0), call);
      return Written.of(
          Term.tensor(
              "torch.reshape("
                  + rows.text()
                  + ", "
                  + call.writer().sizes(call.type(0).dims())
                  + ")"));
    }
    throw new IllegalStateException(op.name() + " is not claimed");
  }

  /** Dropout of the cotangent: what a dropout's gradient is. */
  static ScriptCall dropoutOfCotangent(Backward op, ScriptCall call) {
    return new ScriptCall(
        call.writer(),
        List.of(call.operands().get(op.operands() + 1), call.operands().get(1)),
        call.types().subList(0, 2),
        call.result());
  }

  private static Term logSoftmax(String cotangent, String logs, ScriptCall call) {
    return Term.tensor(
        "torch._log_softmax_backward_data("
            + cotangent
            + ", "
            + logs
            + ", -1, "
            + call.writer().code(call.type(0).dtype())
            + ")");
  }

  private static Written layerNorm(Backward op, String cotangent, ScriptCall call) {
    List<String> saved = call.saved(op.operands());
    boolean bias = op.operands() == 3;
    List<String> names =
        call.writer()
            .names(
                "n",
                3,
                "torch.native_layer_norm_backward("
                    + cotangent
                    + ", "
                    + call.tensor(0)
                    + ", "
                    + FusedScript.lastAxis(call)
                    + ", "
                    + saved.get(0)
                    + ", "
                    + saved.get(1)
                    + ", "
                    + call.tensor(1)
                    + ", "
                    + bias(bias, call)
                    + ", [True, True, "
                    + (bias ? "True" : "False")
                    + "])");
    List<Term> results = new ArrayList<>();
    names.subList(0, op.operands()).forEach(name -> results.add(Term.tensor(name)));
    return new Written(results, List.of());
  }

  /** The gradient's text, of the cotangent DY, the operand X and the result Y; null for none. */
  private static @Nullable String formula(Activation.Kind kind) {
    return switch (kind) {
      case RELU -> "torch.threshold_backward(DY, X, 0)";
      case GELU -> "torch.gelu_backward(DY, X, approximate=\"none\")";
      case GELU_TANH -> "torch.gelu_backward(DY, X, approximate=\"tanh\")";
      case SILU -> "torch.silu_backward(DY, X)";
      case SIGMOID -> "torch.sigmoid_backward(DY, Y)";
      case TANH -> "torch.tanh_backward(DY, Y)";
      case LEAKY_RELU -> "torch.leaky_relu_backward(DY, X, 0.01, False)";
      default -> null;
    };
  }
}
