package org.attention4j.spi;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.attention4j.error.UsageException;

/** How an {@link Exporter} writes attention. */
public enum AttentionForm {
  /**
   * A node in the domain {@code org.attention4j}, with its expansion as a function in the file: a
   * runtime that has a kernel for the node runs that, any other the expansion. Attention that such
   * a node cannot express is written as primitives.
   */
  FUNCTION,

  /** The expansion itself, for programs that know no functions. */
  PRIMITIVES,

  /**
   * ONNX Runtime's operator GroupQueryAttention where causal attention goes over a cache, which it
   * can write in place; other attention as {@link #FUNCTION}.
   */
  GQA,

  /**
   * The operator {@code Attention} that ONNX itself has since opset 23, in a file of that opset.
   * Attention that it cannot express on every runtime is written as primitives; the report says how
   * many and why.
   */
  OPSET23;

  /** As users write it: {@code function}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The form of that label.
   *
   * @throws UsageException if there is none, naming those there are
   */
  public static AttentionForm parse(String label) {
    List<String> labels = Arrays.stream(values()).map(AttentionForm::label).toList();
    if (!labels.contains(label)) {
      throw new UsageException(
          "attention is written as one of " + labels + ", not '" + label + "'");
    }
    return valueOf(label.toUpperCase(Locale.ROOT));
  }
}
