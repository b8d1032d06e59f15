package org.attention4j.models.family;

import java.util.Map;
import org.attention4j.op.Activation;

/** What configurations call the activations. */
final class Activations {
  private static final Map<String, Activation.Kind> KINDS =
      Map.of(
          "relu", Activation.Kind.RELU,
          "gelu", Activation.Kind.GELU,
          "gelu_new", Activation.Kind.GELU_TANH,
          "gelu_pytorch_tanh", Activation.Kind.GELU_TANH,
          "silu", Activation.Kind.SILU);

  private Activations() {}

  static Activation.Kind read(Config config, String name, String otherwise) {
    String text = config.json().hasNonNull(name) ? config.text(name) : otherwise;
    Activation.Kind kind = KINDS.get(text);
    if (kind == null) {
      throw config.wrong(name, "one of " + KINDS.keySet().stream().sorted().toList(), text);
    }
    return kind;
  }

  static String name(Activation.Kind kind) {
    return switch (kind) {
      case RELU -> "relu";
      case GELU -> "gelu";
      case GELU_TANH -> "gelu_new";
      case SILU -> "silu";
      default -> throw new IllegalArgumentException("no configuration names " + kind);
    };
  }
}
