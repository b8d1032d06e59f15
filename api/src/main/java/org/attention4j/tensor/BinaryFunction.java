package org.attention4j.tensor;

import org.attention4j.error.UsageException;

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

  /** The function of two floating elements, in double precision; 0 or 1 if it is boolean. */
  public double apply(double a, double b) {
    return switch (this) {
      case ADD -> a + b;
      case SUB -> a - b;
      case MUL -> a * b;
      case DIV -> a / b;
      case MAX -> Math.max(a, b);
      case MIN -> Math.min(a, b);
      case LT -> a < b ? 1 : 0;
      case LE -> a <= b ? 1 : 0;
      case EQ -> a == b ? 1 : 0;
      case AND, OR -> throw new IllegalArgumentException(this + " is for booleans");
    };
  }

  /**
   * The function of two integers, or of two booleans as 0 or 1.
   *
   * @throws UsageException if it divides by 0
   */
  public long apply(long a, long b) {
    return switch (this) {
      case ADD -> a + b;
      case SUB -> a - b;
      case MUL -> a * b;
      case DIV -> divide(a, b);
      case MAX, OR -> Math.max(a, b);
      case MIN, AND -> Math.min(a, b);
      case LT -> a < b ? 1 : 0;
      case LE -> a <= b ? 1 : 0;
      case EQ -> a == b ? 1 : 0;
    };
  }

  private static long divide(long a, long b) {
    if (b == 0) {
      throw new UsageException("integer division by zero");
    }
    return a / b;
  }
}
