package org.attention4j.engine.djl;

import org.attention4j.tensor.DType;

/**
 * How a graph's nominal f32 is computed.
 *
 * @param real the element type in which values are kept: f32 or f64
 * @param products the element type of matrix products and attention: {@code real}, or bf16 with
 *     casts around them while norms, softmax and loss stay in {@code real}
 */
record Precision(DType real, DType products) {
  static final Precision F32 = new Precision(DType.F32, DType.F32);
  static final Precision F64 = new Precision(DType.F64, DType.F64);
  static final Precision MIXED_BF16 = new Precision(DType.F32, DType.BF16);

  /** The element type in which a value of this nominal type is kept. */
  DType stored(DType nominal) {
    return nominal == DType.F32 ? real : nominal;
  }

  /**
   * The element type in which such a value goes into scripts and comes out of them: DJL ends the
   * process where it meets an array of bf16, which scripts may hold.
   */
  DType handed(DType nominal) {
    DType stored = stored(nominal);
    return stored == DType.BF16 ? DType.F32 : stored;
  }

  boolean isMixed() {
    return real != products;
  }
}
