package org.attention4j.engine.onnx.lower;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.attention4j.error.ShapeException;
import org.attention4j.onnxformat.Attributes;
import org.attention4j.onnxformat.GraphBuilder;
import org.attention4j.onnxformat.proto.AttributeProto;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * Sizes as values of the graph, each computed once from the shapes of the inputs.
 *
 * <p>A symbol's value comes from an input axis that is the symbol itself, or a sum of it and
 * symbols already known ({@code past+time} gives past where time is known).
 */
final class Sizes {
  private final GraphBuilder graph;
  private final Literals literals;
  private final Map<String, TensorType> inputs;
  private final Map<Dim, String> vectors = new HashMap<>();
  private final Map<Dim, String> scalars = new HashMap<>();
  private final Map<List<Dim>, String> shapes = new HashMap<>();

  Sizes(GraphBuilder graph, Literals literals, Map<String, TensorType> inputs) {
    this.graph = graph;
    this.literals = literals;
    this.inputs = new LinkedHashMap<>(inputs);
  }

  /** The size as i64 []. */
  String scalar(Dim dim) {
    if (dim.known()) {
      return literals.integer(dim.longSize());
    }
    String known = scalars.get(dim);
    if (known == null) {
      known = node("Squeeze", List.of(vector(dim), literals.vector(0L)));
      scalars.put(dim, known);
    }
    return known;
  }

  /** Says that a size is the value of an i64 scalar. */
  void give(Dim dim, String scalar) {
    scalars.put(dim, scalar);
  }

  /** The size as i64 [1]. */
  String vector(Dim dim) {
    if (dim.known()) {
      return literals.vector(dim.longSize());
    }
    String known = vectors.get(dim);
    if (known == null) {
      String scalar = scalars.get(dim);
      known =
          scalar != null
              ? node("Unsqueeze", List.of(scalar, literals.vector(0L)))
              : dim.isSymbol() ? symbol(dim) : polynomial(dim);
      vectors.put(dim, known);
    }
    return known;
  }

  /** Several sizes as i64 [n]. */
  String shape(List<Dim> dims) {
    if (dims.stream().allMatch(Dim::known)) {
      return literals.vector(dims.stream().map(Dim::longSize).toList());
    }
    String known = shapes.get(dims);
    if (known != null) {
      return known;
    }
    List<String> parts = new ArrayList<>();
    List<Long> run = new ArrayList<>(); // neighbouring known sizes make one literal
    for (Dim dim : dims) {
      if (dim.known()) {
        run.add(dim.longSize());
        continue;
      }
      if (!run.isEmpty()) {
        parts.add(literals.vector(run));
        run.clear();
      }
      parts.add(vector(dim));
    }
    if (!run.isEmpty()) {
      parts.add(literals.vector(run));
    }
    String result =
        parts.size() == 1 ? parts.get(0) : nodeWith("Concat", parts, Attributes.integer("axis", 0));
    shapes.put(dims, result);
    return result;
  }

  private String polynomial(Dim dim) {
    String sum = null;
    for (Map.Entry<List<Dim.Atom>, Long> term : dim.terms().entrySet()) {
      String product = null;
      for (Dim.Atom atom : term.getKey()) {
        String factor = atom(atom);
        product = product == null ? factor : node("Mul", List.of(product, factor));
      }
      long coefficient = term.getValue();
      if (product == null) {
        product = literals.vector(coefficient);
      } else if (coefficient != 1) {
        product = node("Mul", List.of(product, literals.vector(coefficient)));
      }
      sum = sum == null ? product : node("Add", List.of(sum, product));
    }
    return Objects.requireNonNull(sum);
  }

  private String atom(Dim.Atom atom) {
    if (atom instanceof Dim.Quotient quotient) {
      // sizes are not negative, so cutting towards zero rounds down
      return node(
          "Div", List.of(vector(quotient.numerator()), literals.vector(quotient.divisor())));
    }
    return vector(Dim.symbol(((Dim.Symbol) atom).name()));
  }

  private String symbol(Dim symbol) {
    String found = find(symbol, new HashSet<>());
    if (found == null) {
      throw new ShapeException(
          "size '"
              + symbol
              + "' cannot be computed: no axis of an input gives it; inputs are "
              + inputs);
    }
    return found;
  }

  /** The symbol from an axis that is it, else from one that exceeds it by known symbols. */
  private @Nullable String find(Dim symbol, Set<Dim> open) {
    String known = vectors.get(symbol);
    if (known != null) {
      return known;
    }
    open.add(symbol);
    String name = symbol.symbols().iterator().next();
    for (boolean exact : new boolean[] {true, false}) {
      for (Map.Entry<String, TensorType> input : inputs.entrySet()) {
        for (int axis = 0; axis < input.getValue().rank(); axis++) {
          Dim rest = input.getValue().dim(axis).minus(symbol);
          if (exact ? !rest.is(0) : rest.symbols().contains(name) || !solvable(rest, open)) {
            continue;
          }
          String size =
              nodeWith(
                  "Shape",
                  List.of(input.getKey()),
                  Attributes.integer("start", axis),
                  Attributes.integer("end", axis + 1));
          String result = exact ? size : node("Sub", List.of(size, vector(rest)));
          vectors.put(symbol, result);
          return result;
        }
      }
    }
    open.remove(symbol);
    return null;
  }

  private boolean solvable(Dim rest, Set<Dim> open) {
    for (String name : rest.symbols()) {
      Dim symbol = Dim.symbol(name);
      if (open.contains(symbol) || find(symbol, open) == null) {
        return false;
      }
    }
    return true;
  }

  private String node(String type, List<String> inputNames) {
    return nodeWith(type, inputNames);
  }

  private String nodeWith(String type, List<String> inputNames, AttributeProto... attributes) {
    String outer = graph.scope();
    graph.scope("sizes");
    String name = graph.node(type, inputNames, attributes);
    graph.scope(outer);
    return name;
  }
}
