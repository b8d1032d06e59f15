package org.attention4j.tensor;

/** Pointwise functions of one operand. */
public enum UnaryFunction {
  NEG,
  EXP,
  LOG,
  SQRT,
  RECIPROCAL,
  TANH,
  /** The error function, 2/sqrt(pi) times the integral of exp(-t^2) from 0. */
  ERF,
  SIN,
  COS,
  ABS,
  FLOOR,
  /** Logical not, of booleans. */
  NOT,
  /** Identity whose gradient is zero. */
  STOP_GRADIENT;

  /** Whether operands of this type are accepted. */
  public boolean accepts(DType dtype) {
    return switch (this) {
      case NOT -> dtype == DType.BOOL;
      case NEG, ABS -> dtype != DType.BOOL;
      case STOP_GRADIENT -> true;
      default -> dtype.isFloating();
    };
  }
}
