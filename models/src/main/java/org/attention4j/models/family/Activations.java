package org.attention4j.models.family;

import java.util.Map;
import org.attention4j.op.Activation;

/** What configurations call the activations. */
public final class Activations {
  private static final Map<String, Activation.Kind> KINDS =
      Map.ofEntries(
          Map.entry("relu", Activation.Kind.RELU),
          Map.entry("relu6", Activation.Kind.RELU6),
          Map.entry("relu2", Activation.Kind.RELU_SQUARED),
          Map.entry("gelu", Activation.Kind.GELU),
          Map.entry("gelu_python", Activation.Kind.GELU),
          Map.entry("gelu_10", Activation.Kind.GELU_10),
          Map.entry("gelu_new", Activation.Kind.GELU_TANH),
          Map.entry("gelu_fast", Activation.Kind.GELU_TANH),
          Map.entry("gelu_accurate", Activation.Kind.GELU_TANH),
          Map.entry("gelu_python_tanh", Activation.Kind.GELU_TANH),
          Map.entry("gelu_pytorch_tanh", Activation.Kind.GELU_TANH),
          Map.entry("hardswish", Activation.Kind.HARD_SWISH),
          Map.entry("laplace", Activation.Kind.LAPLACE),
          Map.entry("leaky_relu", Activation.Kind.LEAKY_RELU),
          Map.entry("quick_gelu", Activation.Kind.QUICK_GELU),
          Map.entry("silu", Activation.Kind.SILU),
          Map.entry("swish", Activation.Kind.SILU),
          Map.entry("sigmoid", Activation.Kind.SIGMOID),
          Map.entry("mish", Activation.Kind.MISH),
          Map.entry("tanh", Activation.Kind.TANH),
          Map.entry("linear", Activation.Kind.IDENTITY));

  private Activations() {}

  /**
   * The activation that an entry names.
   *
   * @param otherwise its name where there is no entry
   */
  public static Activation.Kind read(Config config, String name, String otherwise) {
    return of(config, name, config.text(name, otherwise));
  }

  /**
   * The activation of a name that is part of an entry.
   *
   * @param name the entry
   * @param text what it calls the activation
   */
  public static Activation.Kind of(Config config, String name, String text) {
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
