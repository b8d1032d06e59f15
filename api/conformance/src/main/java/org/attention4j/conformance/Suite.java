package org.attention4j.conformance;

import java.util.Locale;

/** The groups of checks, in the order in which they run: the cheap and telling ones first. */
public enum Suite {
  /** Values of primitives and composites against the float64 oracle. */
  OPS,
  /** Values of blocks and whole small models. */
  BLOCKS,
  /** Gradients of both against the float64 gradient graph. */
  GRADIENTS,
  /** Bad input gives the promised exception, with a message that helps. */
  ERRORS,
  /** Sessions and trainers: repeated, resumed, closed, flat in memory. */
  LIFECYCLE,
  /** Sessions on several threads. */
  CONCURRENCY,
  /** Exported files agree with the engine. */
  EXPORT,
  /** Recorded values of PyTorch. */
  GOLDEN,
  /** The ONNX project's own node tests. */
  ONNX;

  /** The name in reports. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
