package org.attention4j.conformance.golden;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.attention4j.conformance.Case;
import org.attention4j.op.Activation;
import org.attention4j.op.Activation.Kind;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Recorded activations and gated units, by the names that PyTorch and Hugging Face use. */
final class GoldenActivations {
  private static final Map<String, Kind> KINDS =
      Map.ofEntries(
          Map.entry("relu", Kind.RELU),
          Map.entry("relu2", Kind.RELU_SQUARED),
          Map.entry("relu_squared", Kind.RELU_SQUARED),
          Map.entry("gelu", Kind.GELU),
          Map.entry("gelu_tanh", Kind.GELU_TANH),
          Map.entry("gelu_new", Kind.GELU_TANH),
          Map.entry("gelu_pytorch_tanh", Kind.GELU_TANH),
          Map.entry("quick_gelu", Kind.QUICK_GELU),
          Map.entry("gelu_quick", Kind.QUICK_GELU),
          Map.entry("silu", Kind.SILU),
          Map.entry("swish", Kind.SILU),
          Map.entry("sigmoid", Kind.SIGMOID),
          Map.entry("mish", Kind.MISH),
          Map.entry("softplus", Kind.SOFTPLUS),
          Map.entry("elu", Kind.ELU),
          Map.entry("leaky_relu", Kind.LEAKY_RELU),
          Map.entry("hardswish", Kind.HARD_SWISH),
          Map.entry("hard_swish", Kind.HARD_SWISH),
          Map.entry("tanh", Kind.TANH),
          Map.entry("identity", Kind.IDENTITY),
          Map.entry("linear", Kind.IDENTITY));

  /** Expressions that have no composite of their own. */
  private static final Map<String, UnaryOperator<Tensor>> EXPRESSIONS =
      Map.of(
          "relu6", x -> x.max(0).min(6),
          "hardsigmoid", x -> x.add(3).max(0).min(6).div(6),
          "hardtanh", x -> x.max(-1).min(1),
          "logsigmoid", x -> x.neg().apply(new Activation(Kind.SOFTPLUS)).neg(),
          "softsign", x -> x.div(x.abs().add(1)),
          "tanhshrink", x -> x.sub(x.tanh()));

  /** Gated units: activation(first half) times second half, as in Llama's and T5's layers. */
  private static final Map<String, Kind> GATED =
      Map.of(
          "swiglu", Kind.SILU,
          "geglu", Kind.GELU,
          "geglu_tanh", Kind.GELU_TANH,
          "reglu", Kind.RELU,
          "bilinear", Kind.IDENTITY);

  private GoldenActivations() {}

  static Optional<Case> of(GoldenFile file, String name) {
    Kind kind = KINDS.get(name);
    if (kind != null) {
      return Optional.of(GoldenOps.ofX(file, x -> Activation.apply(kind, x)));
    }
    UnaryOperator<Tensor> expression = EXPRESSIONS.get(name);
    if (expression != null) {
      return Optional.of(GoldenOps.ofX(file, expression));
    }
    Kind gate = GATED.get(name);
    if (gate == null && !name.equals("glu")) {
      return Optional.empty();
    }
    List<String> inputs = new ArrayList<>();
    for (String input : List.of("x", "gate", "up")) {
      if (file.has(input)) {
        inputs.add(input);
      }
    }
    if (inputs.equals(List.of("x"))) {
      return Optional.of(GoldenOps.ofX(file, x -> halves(gate, x)));
    }
    if (!inputs.equals(List.of("gate", "up"))) {
      return Optional.empty();
    }
    Recipe recipe =
        new Recipe((scope, in) -> Map.of("out", gated(gate, in.get("gate"), in.get("up"))));
    return Optional.of(file.test(recipe, inputs, List.of("out")));
  }

  private static Tensor halves(@Nullable Kind gate, Tensor x) {
    int half = x.type().size(-1) / 2;
    return gated(gate, x.slice(-1, 0, half), x.slice(-1, half, 2 * half));
  }

  /** Without a kind it is torch's glu: the second half, through a sigmoid, gates the first. */
  private static Tensor gated(@Nullable Kind gate, Tensor first, Tensor second) {
    return gate == null
        ? first.mul(Activation.apply(Kind.SIGMOID, second))
        : Activation.apply(gate, first).mul(second);
  }
}
