package org.attention4j.tensor;

import java.util.List;
import java.util.Map;
import org.attention4j.error.ShapeException;

/**
 * An operation as data with its own shape rule.
 *
 * <p>{@link Primitive}s are a closed set that every engine runs; {@link Composite}s are open and
 * carry their expansion. Ops are values: equal attributes mean the same operation. Immutable.
 */
public sealed interface Op permits Primitive, Composite {

  /**
   * Types of the results.
   *
   * @throws ShapeException if the operands' types do not fit; the message names the op and the
   *     types
   */
  List<TensorType> infer(List<TensorType> operands);

  /** The same op with the symbols of its sizes replaced. */
  default Op bind(Map<String, Long> sizes) {
    return this;
  }

  /** Throws the shape error of {@code op} unless {@code fits}. */
  static void check(boolean fits, Op op, String wanted, List<TensorType> got) {
    if (!fits) {
      throw new ShapeException(op + " needs " + wanted + ", got " + got);
    }
  }
}
