package org.attention4j.tensor;

import java.util.List;

/** Runs or records one operation on opaque handles. Not thread-safe unless an engine says so. */
public interface Executor {

  /** Whether this composite is run whole here; otherwise it is expanded. */
  boolean claims(Composite op, List<TensorType> operands);

  /**
   * Runs a primitive or a claimed composite.
   *
   * @param resultTypes what {@link Op#infer} promised
   * @return one handle for each result
   */
  List<Object> execute(
      Op op, List<TensorType> operandTypes, List<TensorType> resultTypes, List<Object> operands);

  /** Called when a handle is not used any more; an executor with native memory frees it. */
  default void release(Object handle) {}
}
