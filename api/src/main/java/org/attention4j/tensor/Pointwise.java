package org.attention4j.tensor;

import static org.attention4j.tensor.BinaryFunction.*;
import static org.attention4j.tensor.UnaryFunction.*;

import org.attention4j.error.ShapeException;

/**
 * What a {@link Tensor} computes element by element. Operands broadcast; a number stands for a
 * constant of this tensor's element type.
 *
 * <p>Every method throws {@link ShapeException} when types do not fit.
 */
public sealed interface Pointwise permits Tensor {
  /** First result of an op whose first operand is this tensor. */
  Tensor apply(Op op, Tensor... rest);

  /** A constant of this tensor's element type, [] shaped. */
  Tensor scalar(double value);

  DType dtype();

  private Tensor unary(UnaryFunction function) {
    return apply(new Primitive.Unary(function));
  }

  private Tensor binary(BinaryFunction function, Tensor other) {
    return apply(new Primitive.Binary(function), other);
  }

  default Tensor neg() {
    return unary(NEG);
  }

  default Tensor exp() {
    return unary(EXP);
  }

  default Tensor log() {
    return unary(LOG);
  }

  default Tensor sqrt() {
    return unary(SQRT);
  }

  default Tensor reciprocal() {
    return unary(RECIPROCAL);
  }

  default Tensor tanh() {
    return unary(TANH);
  }

  default Tensor erf() {
    return unary(ERF);
  }

  default Tensor sin() {
    return unary(SIN);
  }

  default Tensor cos() {
    return unary(COS);
  }

  default Tensor abs() {
    return unary(ABS);
  }

  default Tensor floor() {
    return unary(FLOOR);
  }

  default Tensor not() {
    return unary(NOT);
  }

  /** This value, whose gradient is zero. */
  default Tensor stopGradient() {
    return unary(STOP_GRADIENT);
  }

  default Tensor add(Tensor other) {
    return binary(ADD, other);
  }

  default Tensor sub(Tensor other) {
    return binary(SUB, other);
  }

  default Tensor mul(Tensor other) {
    return binary(MUL, other);
  }

  default Tensor div(Tensor other) {
    return binary(DIV, other);
  }

  default Tensor max(Tensor other) {
    return binary(MAX, other);
  }

  default Tensor min(Tensor other) {
    return binary(MIN, other);
  }

  default Tensor lt(Tensor other) {
    return binary(LT, other);
  }

  default Tensor le(Tensor other) {
    return binary(LE, other);
  }

  default Tensor eq(Tensor other) {
    return binary(EQ, other);
  }

  default Tensor and(Tensor other) {
    return binary(AND, other);
  }

  default Tensor or(Tensor other) {
    return binary(OR, other);
  }

  default Tensor add(double other) {
    return add(scalar(other));
  }

  default Tensor sub(double other) {
    return sub(scalar(other));
  }

  default Tensor mul(double other) {
    return mul(scalar(other));
  }

  default Tensor div(double other) {
    return div(scalar(other));
  }

  default Tensor max(double other) {
    return max(scalar(other));
  }

  default Tensor min(double other) {
    return min(scalar(other));
  }

  default Tensor lt(double other) {
    return lt(scalar(other));
  }

  default Tensor le(double other) {
    return le(scalar(other));
  }

  default Tensor eq(double other) {
    return eq(scalar(other));
  }

  /** This tensor as another element type; itself if it has that type. */
  default Tensor cast(DType to) {
    return to == dtype() ? (Tensor) this : apply(new Primitive.Cast(to));
  }

  /** {@code this ? yes : no} for a boolean tensor. */
  default Tensor where(Tensor yes, Tensor no) {
    return apply(new Primitive.Where(), yes, no);
  }
}
