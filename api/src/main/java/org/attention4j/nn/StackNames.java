package org.attention4j.nn;

/**
 * Names in a stack: layer n is at {@code LAYERS.n}.
 *
 * @param norm the last normalisation
 */
public record StackNames(String layers, String norm) {
  /** As in PyTorch and Llama. */
  public static final StackNames TORCH = new StackNames("layers", "norm");

  /** As in GPT-2. */
  public static final StackNames GPT2 = new StackNames("h", "ln_f");
}
