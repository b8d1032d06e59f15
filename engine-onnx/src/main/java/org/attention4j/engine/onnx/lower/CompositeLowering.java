package org.attention4j.engine.onnx.lower;

import java.util.ArrayList;
import java.util.List;
import org.attention4j.onnxformat.Attributes;
import org.attention4j.onnxformat.ElementTypes;
import org.attention4j.onnxformat.GraphBuilder;
import org.attention4j.onnxformat.proto.AttributeProto;
import org.attention4j.op.Activation;
import org.attention4j.op.Affine;
import org.attention4j.op.Attention;
import org.attention4j.op.LayerNormalization;
import org.attention4j.op.LogSoftmax;
import org.attention4j.op.Mask;
import org.attention4j.op.RmsNormalization;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.DType;

/**
 * The composites that the operator set has whole, or in a form that runtimes recognise and fuse.
 */
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
  static boolean claims(Composite op, DType precision) {
    return op instanceof LayerNormalization
        || op instanceof LogSoftmax
        || (op instanceof Affine affine && affine.transposed())
        || (precision != DType.F64 && notInF64(op));
  }

  /** In f64 the fused RMS norm computes in f32, and some activations are missing. */
  private static boolean notInF64(Composite op) {
    return op instanceof RmsNormalization
        || (op instanceof Activation activation && claims(activation.kind()));
  }

  private static boolean claims(Activation.Kind kind) {
    return switch (kind) {
      case RELU, GELU, GELU_TANH, SIGMOID, SILU, SOFTPLUS, ELU, LEAKY_RELU, HARD_SWISH -> true;
      default -> false;
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
    if (op instanceof RmsNormalization norm) {
      return rms(norm, in);
    }
    if (op instanceof LogSoftmax) {
      return graph.node("LogSoftmax", in.names(), Attributes.integer("axis", -1));
    }
    if (op instanceof Affine) {
      return products.gemm(in, in.result().dims(), in.names().size() == 3 ? in.name(2) : null);
    }
    if (op instanceof StandardAttention attention) {
      return attention(attention.of(), in);
    }
    if (op instanceof Activation activation) {
      return activation(activation.kind(), in.name(0));
    }
    throw new IllegalStateException(op + " was not claimed");
  }

  /** x / sqrt(mean(x^2) + epsilon) * weight, in the form that runtimes fuse; squares need f32. */
  private String rms(RmsNormalization norm, Operands in) {
    DType wide = options.precision() == DType.F16 ? DType.F32 : options.precision();
    String x = cast(in.name(0), options.precision(), wide);
    String square = graph.node("Pow", List.of(x, literals.scalar(wide, 2)));
    String mean = literals.reduced("ReduceMean", square, List.of(-1), options.opset());
    String variance = graph.node("Add", List.of(mean, literals.scalar(wide, norm.epsilon())));
    String root = graph.node("Sqrt", List.of(variance));
    String normed = cast(graph.node("Div", List.of(x, root)), wide, options.precision());
    return graph.node("Mul", List.of(normed, in.name(1)));
  }

  private String attention(Attention op, Operands in) {
    List<AttributeProto> attributes = new ArrayList<>();
    attributes.add(Attributes.real("scale", op.scale()));
    if (op.mask() instanceof Mask.Causal) {
      attributes.add(Attributes.integer("is_causal", 1));
    }
    if (op.softcap() > 0) {
      attributes.add(Attributes.real("softcap", op.softcap()));
    }
    return graph.node("Attention", in.names(), attributes.toArray(AttributeProto[]::new));
  }

  private String cast(String value, DType from, DType to) {
    return from == to
        ? value
        : graph.node("Cast", List.of(value), Attributes.integer("to", ElementTypes.code(to)));
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
      case GELU -> gelu(x);
      default -> throw new IllegalStateException(kind + " was not claimed");
    };
  }

  /** x / 2 * (1 + tanh(x sqrt(2 / pi) * (1 + 0.044715 x x))), in the form that runtimes fuse. */
  private String geluTanh(String x) {
    String square = graph.node("Mul", List.of(binary("Mul", x, 0.044715), x));
    String cubic = binary("Add", square, 1);
    String scaled = binary("Mul", x, Math.sqrt(2 / Math.PI));
    String tanh = graph.node("Tanh", List.of(graph.node("Mul", List.of(scaled, cubic))));
    String half = binary("Mul", x, 0.5);
    return graph.node("Mul", List.of(half, binary("Add", tanh, 1)));
  }

  /** x / 2 * (1 + erf(x / sqrt(2))), in the form that runtimes fuse. */
  private String gelu(String x) {
    String erf = graph.node("Erf", List.of(binary("Div", x, Math.sqrt(2))));
    return binary("Mul", graph.node("Mul", List.of(x, binary("Add", erf, 1))), 0.5);
  }

  private String binary(String type, String left, double right) {
    return graph.node(type, List.of(left, literals.scalar(options.precision(), right)));
  }
}
