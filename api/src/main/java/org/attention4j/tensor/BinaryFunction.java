package org.attention4j.tensor;

/** Pointwise functions of two operands of one type, broadcast against each other. */
public enum BinaryFunction {
  ADD,
  SUB,
  MUL,
  /** Quotient; of integers, rounded towards zero. */
  DIV,
  MAX,
  MIN,
  LT,
  LE,
  EQ,
  AND,
  OR;

  /** Whether the result is boolean. */
  public boolean isPredicate() {
    return switch (this) {
      case LT, LE, EQ, AND, OR -> true;
      default -> false;
    };
  }

  /** Whether operands of this type are accepted. */
  public boolean accepts(DType dtype) {
    return switch (this) {
      case AND, OR -> dtype == DType.BOOL;
      case EQ -> true;
      default -> dtype != DType.BOOL;
    };
  }
}
