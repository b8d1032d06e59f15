package org.attention4j.tensor;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import org.attention4j.error.ShapeException;

/**
 * The size of an axis: a fixed number, or an integer polynomial of named symbols such as {@code
 * past+time}, kept in normal form so that equality is structural.
 *
 * <p>A block may pass a Dim on; it never reads a symbolic one as an int. Immutable, thread-safe.
 */
public sealed interface Dim permits Dim.Fixed, Poly {

  /** A known size. */
  record Fixed(long value) implements Dim {
    @Override
    public String toString() {
      return Long.toString(value);
    }
  }

  /** The fixed size {@code value}. */
  static Dim of(long value) {
    return new Fixed(value);
  }

  /** The size named by one symbol. */
  static Dim symbol(String name) {
    return Poly.symbol(name);
  }

  /**
   * Reads a Dim from a Dim, a whole number, or a sum of numbers and symbols like {@code
   * "past+time"}.
   *
   * @throws ShapeException for anything else
   */
  static Dim of(Object value) {
    if (value instanceof Dim dim) {
      return dim;
    }
    if (value instanceof Integer || value instanceof Long) {
      return of(((Number) value).longValue());
    }
    if (value instanceof String text) {
      Dim sum = of(0);
      for (String term : text.split("\\+", -1)) {
        String name = term.trim();
        sum = sum.plus(name.matches("-?\\d+") ? of(Long.parseLong(name)) : symbol(name));
      }
      return sum;
    }
    throw new ShapeException(
        "a size is a whole number, a Dim or a sum of symbols such as \"past+time\", not " + value);
  }

  /** Sum with anything {@link #of(Object)} reads. */
  default Dim plus(Object other) {
    Dim right = of(other);
    if (this instanceof Fixed a && right instanceof Fixed b) {
      return new Fixed(Math.addExact(a.value, b.value));
    }
    return Poly.of(this).add(Poly.of(right));
  }

  /** Difference with anything {@link #of(Object)} reads. */
  default Dim minus(Object other) {
    return plus(of(other).times(-1));
  }

  /** Product with anything {@link #of(Object)} reads. */
  default Dim times(Object other) {
    Dim right = of(other);
    if (this instanceof Fixed a && right instanceof Fixed b) {
      return new Fixed(Math.multiplyExact(a.value, b.value));
    }
    return Poly.of(this).multiply(Poly.of(right));
  }

  /** Quotient rounded down; over a symbol it becomes an opaque atom, {@code floor(time/2)}. */
  default Dim floorDiv(long divisor) {
    if (divisor <= 0) {
      throw new ShapeException(
          "floorDiv of size " + this + " needs a positive divisor, got " + divisor);
    }
    if (this instanceof Fixed a) {
      return new Fixed(Math.floorDiv(a.value, divisor));
    }
    return divisor == 1 ? this : Poly.quotient(this, divisor);
  }

  /** Whether the size is a number. */
  default boolean known() {
    return this instanceof Fixed;
  }

  /** Whether the size is exactly {@code value}. */
  default boolean is(long value) {
    return this instanceof Fixed a && a.value == value;
  }

  /**
   * The known size as an int.
   *
   * @throws ShapeException if it is symbolic or beyond an int
   */
  default int size() {
    long value = longSize();
    if (value != (int) value) {
      throw new ShapeException("size " + value + " is beyond an int");
    }
    return (int) value;
  }

  /**
   * The known size as a long.
   *
   * @throws ShapeException if it is symbolic
   */
  default long longSize() {
    if (this instanceof Fixed a) {
      return a.value;
    }
    throw new ShapeException(
        "size '" + this + "' is symbolic: a block may pass it on, not read it");
  }

  /** The symbols that occur, sorted. */
  default Set<String> symbols() {
    return this instanceof Poly p ? p.symbolNames() : Set.of();
  }

  /** Whether this is exactly one symbol, as an input axis that binds it must be. */
  default boolean isSymbol() {
    return this instanceof Poly p
        && symbols().size() == 1
        && p.equals(symbol(symbols().iterator().next()));
  }

  /** Replaces the symbols found in {@code sizes}; others stay. */
  default Dim bind(Map<String, Long> sizes) {
    return this instanceof Poly p ? p.substitute(sizes) : this;
  }

  /**
   * Monomials (sorted factors, empty for the constant) to their non-zero coefficients, in order.
   */
  default SortedMap<List<Atom>, Long> terms() {
    return Poly.of(this).coefficients();
  }

  /** A factor of a monomial: a symbol, or a rounded quotient that no normal form can open. */
  sealed interface Atom permits Symbol, Quotient {}

  /** A named unknown. */
  record Symbol(String name) implements Atom {
    public Symbol {
      if (!name.matches("[A-Za-z_][A-Za-z0-9_.]*")) {
        throw new ShapeException(
            "'" + name + "' is no name for a size; use letters, digits, '_' and '.'");
      }
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** {@code floor(numerator / divisor)}. */
  record Quotient(Dim numerator, long divisor) implements Atom {
    @Override
    public String toString() {
      return "floor((" + numerator + ")/" + divisor + ")";
    }
  }
}
