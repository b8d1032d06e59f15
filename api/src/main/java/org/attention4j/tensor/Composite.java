package org.attention4j.tensor;

import java.util.List;

/**
 * An operation defined by its expansion into simpler ones. An engine may claim it and run it whole;
 * otherwise it is expanded. Implementations are records whose attributes are data.
 */
public non-sealed interface Composite extends Op {

  /**
   * The definition: results computed with the operands' own methods. Types must equal {@link
   * Op#infer}.
   */
  List<Tensor> expand(List<Tensor> operands);

  /**
   * The same op with further results at the end that make its gradient cheaper; itself if there are
   * none. A tape runs it in place of this one where the engine takes both it and its gradient
   * whole.
   */
  default Composite withSavedResults() {
    return this;
  }

  /** The name under which reports and the support table list it. */
  default String name() {
    return getClass().getSimpleName();
  }
}
