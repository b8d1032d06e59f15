package org.attention4j.tensor;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/** An integer polynomial over {@link Dim.Atom}s in normal form. */
final class Poly implements Dim {
  private static final Comparator<List<Atom>> ORDER = Comparator.comparing(Poly::product);
  private static final List<Atom> ONE = List.of();

  private final SortedMap<List<Atom>, Long> coefficients;

  private Poly(SortedMap<List<Atom>, Long> coefficients) {
    this.coefficients = Collections.unmodifiableSortedMap(coefficients);
  }

  static Poly of(Dim dim) {
    if (dim instanceof Poly poly) {
      return poly;
    }
    SortedMap<List<Atom>, Long> terms = new TreeMap<>(ORDER);
    if (!dim.is(0)) {
      terms.put(ONE, dim.longSize());
    }
    return new Poly(terms);
  }

  static Dim symbol(String name) {
    return atom(new Symbol(name));
  }

  static Dim quotient(Dim numerator, long divisor) {
    return atom(new Quotient(numerator, divisor));
  }

  private static Dim atom(Atom atom) {
    SortedMap<List<Atom>, Long> terms = new TreeMap<>(ORDER);
    terms.put(List.of(atom), 1L);
    return new Poly(terms);
  }

  Dim add(Poly other) {
    SortedMap<List<Atom>, Long> sum = new TreeMap<>(coefficients);
    other.coefficients.forEach((factors, c) -> sum.merge(factors, c, Math::addExact));
    return normal(sum);
  }

  Dim multiply(Poly other) {
    SortedMap<List<Atom>, Long> result = new TreeMap<>(ORDER);
    coefficients.forEach(
        (left, a) ->
            other.coefficients.forEach(
                (right, b) -> {
                  List<Atom> factors = new ArrayList<>(left);
                  factors.addAll(right);
                  factors.sort(Comparator.comparing(Atom::toString));
                  result.merge(List.copyOf(factors), Math.multiplyExact(a, b), Math::addExact);
                }));
    return normal(result);
  }

  private static Dim normal(SortedMap<List<Atom>, Long> terms) {
    terms.values().removeIf(c -> c == 0);
    if (terms.isEmpty()) {
      return Dim.of(0);
    }
    Long constant = terms.get(ONE);
    return terms.size() == 1 && constant != null ? Dim.of(constant.longValue()) : new Poly(terms);
  }

  Set<String> symbolNames() {
    Set<String> names = new TreeSet<>();
    for (List<Atom> factors : coefficients.keySet()) {
      for (Atom atom : factors) {
        names.addAll(
            atom instanceof Symbol s ? Set.of(s.name()) : ((Quotient) atom).numerator().symbols());
      }
    }
    return names;
  }

  Dim substitute(Map<String, Long> sizes) {
    Dim sum = Dim.of(0);
    for (Map.Entry<List<Atom>, Long> term : coefficients.entrySet()) {
      Dim product = Dim.of(term.getValue().longValue());
      for (Atom atom : term.getKey()) {
        product = product.times(substitute(atom, sizes));
      }
      sum = sum.plus(product);
    }
    return sum;
  }

  private static Dim substitute(Atom atom, Map<String, Long> sizes) {
    if (atom instanceof Quotient q) {
      return q.numerator().bind(sizes).floorDiv(q.divisor());
    }
    Long size = sizes.get(((Symbol) atom).name());
    return size == null ? atom(atom) : Dim.of(size.longValue());
  }

  SortedMap<List<Atom>, Long> coefficients() {
    return coefficients;
  }

  private static String product(List<Atom> factors) {
    return String.join("*", factors.stream().map(Atom::toString).toList());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Poly poly && coefficients.equals(poly.coefficients);
  }

  @Override
  public int hashCode() {
    return coefficients.hashCode();
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (Map.Entry<List<Atom>, Long> term : coefficients.entrySet()) {
      if (!term.getKey().isEmpty()) {
        append(text, term.getValue(), product(term.getKey()));
      }
    }
    Long constant = coefficients.get(ONE);
    if (constant != null) {
      append(text, constant, "");
    }
    return text.toString();
  }

  private static void append(StringBuilder text, long coefficient, String factors) {
    if (coefficient >= 0 && text.length() > 0) {
      text.append('+');
    }
    if (factors.isEmpty()) {
      text.append(coefficient);
    } else if (coefficient == 1) {
      text.append(factors);
    } else {
      text.append(coefficient == -1 ? "-" : coefficient + "*").append(factors);
    }
  }
}
