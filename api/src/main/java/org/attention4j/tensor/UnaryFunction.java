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

  /** The function of one floating element, in double precision. */
  public double apply(double x) {
    return switch (this) {
      case NEG -> -x;
      case EXP -> Math.exp(x);
      case LOG -> Math.log(x);
      case SQRT -> Math.sqrt(x);
      case RECIPROCAL -> 1 / x;
      case TANH -> Math.tanh(x);
      case ERF -> Erf.of(x);
      case SIN -> Math.sin(x);
      case COS -> Math.cos(x);
      case ABS -> Math.abs(x);
      case FLOOR -> Math.floor(x);
      case STOP_GRADIENT -> x;
      case NOT -> throw new IllegalArgumentException("not is for booleans");
    };
  }

  /** The function of one integer, or of a boolean as 0 or 1. */
  public long apply(long x) {
    return switch (this) {
      case NEG -> -x;
      case ABS -> Math.abs(x);
      case NOT -> 1 - x;
      case STOP_GRADIENT -> x;
      default -> throw new IllegalArgumentException(this + " is for floating types");
    };
  }
}
