package org.attention4j.engine.onnx.lower;

import java.util.List;
import org.attention4j.onnxformat.Attributes;
import org.attention4j.onnxformat.GraphBuilder;
import org.attention4j.op.Activation;
import org.attention4j.op.Affine;
import org.attention4j.op.LayerNormalization;
import org.attention4j.op.LogSoftmax;
import org.attention4j.tensor.Composite;

/** The composites that opset 17 has whole, or in a form that runtimes recognise and fuse. */
final class CompositeLowering {
  private final GraphBuilder graph;
  private final Literals literals;
  private final Products products;
  private final Lowering options;

  CompositeLowering(GraphBuilder graph, Literals literals, Products products, Lowering options) {
    this.graph = graph;
    this.literals = literals;
    this.products = products;
    this.options = options;
  }

  /** Whether the composite is written as nodes of its own; others are expanded before. */
  static boolean claims(Composite op) {
    return op instanceof LayerNormalization
        || op instanceof LogSoftmax
        || (op instanceof Affine affine && affine.transposed())
        || (op instanceof Activation activation && claims(activation.kind()));
  }

  private static boolean claims(Activation.Kind kind) {
    return switch (kind) {
      case RELU, GELU_TANH, SIGMOID, SILU, SOFTPLUS, ELU, LEAKY_RELU, HARD_SWISH -> true;
      case GELU, RELU_SQUARED, QUICK_GELU, MISH, TANH, IDENTITY -> false;
    };
  }

  /** The name of the one result of a claimed composite. */
  String lower(Composite op, Operands in) {
    if (op instanceof LayerNormalization norm) {
      return graph.node(
          "LayerNormalization",
          in.names(),
          Attributes.integer("axis", -1),
          Attributes.real("epsilon", norm.epsilon()));
    }
    if (op instanceof LogSoftmax) {
      return graph.node("LogSoftmax", in.names(), Attributes.integer("axis", -1));
    }
    if (op instanceof Affine) {
      return products.gemm(in, in.result().dims(), in.names().size() == 3 ? in.name(2) : null);
    }
    if (op instanceof Activation activation) {
      return activation(activation.kind(), in.name(0));
    }
    throw new IllegalStateException(op + " was not claimed");
  }

  private String activation(Activation.Kind kind, String x) {
    List<String> operand = List.of(x);
    return switch (kind) {
      case RELU -> graph.node("Relu", operand);
      case SIGMOID -> graph.node("Sigmoid", operand);
      case SILU -> graph.node("Mul", List.of(x, graph.node("Sigmoid", operand)));
      case SOFTPLUS -> graph.node("Softplus", operand);
      case ELU -> graph.node("Elu", operand, Attributes.real("alpha", 1));
      case LEAKY_RELU -> graph.node("LeakyRelu", operand, Attributes.real("alpha", 0.01));
      case HARD_SWISH -> graph.node("HardSwish", operand);
      case GELU_TANH -> geluTanh(x);
      case GELU, RELU_SQUARED, QUICK_GELU, MISH, TANH, IDENTITY ->
          throw new IllegalStateException(kind + " was not claimed");
    };
  }

  /** x * (0.5 + 0.5 tanh(x * (s + 0.044715 s x^2))), s = sqrt(2 / pi). */
  private String geluTanh(String x) {
    double scale = Math.sqrt(2 / Math.PI);
    String square = graph.node("Mul", List.of(x, x));
    String cubic = binary("Add", binary("Mul", square, 0.044715 * scale), scale);
    String tanh = graph.node("Tanh", List.of(graph.node("Mul", List.of(x, cubic))));
    String gate = binary("Add", binary("Mul", tanh, 0.5), 0.5);
    return graph.node("Mul", List.of(x, gate));
  }

  private String binary(String type, String left, double right) {
    return graph.node(type, List.of(left, literals.scalar(options.precision(), right)));
  }
}
