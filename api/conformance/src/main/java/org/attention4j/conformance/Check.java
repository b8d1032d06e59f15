package org.attention4j.conformance;

/** One thing that an engine must get right. Immutable; runs on any engine. */
public interface Check {

  /** Unique and stable: {@code attention/causal/f32}. */
  String name();

  Suite suite();

  /**
   * Runs it on an engine. An exception that escapes counts as a failure.
   *
   * @return passed, failed with a report that locates the fault, or skipped with the reason
   */
  Finding run(Bench bench);
}
