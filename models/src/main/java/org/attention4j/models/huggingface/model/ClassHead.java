package org.attention4j.models.huggingface.model;

import org.attention4j.nn.Linear;
import org.attention4j.nn.Scope;
import org.attention4j.op.Activation;
import org.attention4j.tensor.Tensor;

/**
 * From the first token to classes: perhaps a layer with an activation, then a linear layer. Names
 * are paths from the top.
 *
 * @param dense the first layer; empty for none
 * @param dropout before the last layer
 */
public record ClassHead(
    String dense,
    int width,
    Activation.Kind activation,
    String out,
    Linear.Style style,
    double dropout) {

  /** The last layer alone. */
  static ClassHead linear(int width, String out, Linear.Style style, double dropout) {
    return new ClassHead("", width, Activation.Kind.IDENTITY, out, style, dropout);
  }

  /** The first token [batch, width] after the first layer. */
  Tensor pooled(Scope top, Tensor hidden) {
    return pooled(top, hidden, width);
  }

  /** The same where the first layer has another size: [batch, size]. */
  Tensor pooled(Scope top, Tensor hidden, int size) {
    Tensor first = hidden.at(1, 0); // [batch, width]
    return dense.isEmpty()
        ? first
        : Activation.apply(activation, top.call(dense, new Linear(width, size, style), first));
  }

  /** [batch, time, width] to [batch, labels]. */
  Tensor sequence(Scope top, Tensor hidden, int labels) {
    return classes(top, out, pooled(top, hidden), labels);
  }

  /**
   * [batch, time, width] to [batch, time, labels].
   *
   * @param name of the layer
   */
  Tensor tokens(Scope top, String name, Tensor hidden, int labels) {
    return classes(top, name, hidden, labels);
  }

  private Tensor classes(Scope top, String name, Tensor x, int labels) {
    Tensor y = top.dropout(name + ".dropout", x, dropout);
    return top.call(name, new Linear(width, labels, style), y);
  }
}
