package org.attention4j.engine.djl;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Device;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Primitive;

/**
 * Collects the lines of one TorchScript method: names values, spells sizes, element types and the
 * device, and keeps the constants that are handed to the method as its parameter {@code c}.
 */
final class ScriptWriter {
  private final Precision precision;
  private final boolean differentiable;
  private final String device;
  private final StringBuilder body = new StringBuilder();
  private final Map<String, String> symbols = new LinkedHashMap<>();
  private final Map<Dim, String> sizes = new LinkedHashMap<>();
  private final List<Primitive.Constant> constants = new ArrayList<>();
  private int names;

  /**
   * Begins a method.
   *
   * @param differentiable whether autograd will run through it, so that gradients at kinks must be
   *     those of the primitives' rules
   */
  ScriptWriter(Precision precision, Device device, boolean differentiable) {
    this.precision = precision;
    this.device = device.kind() == Device.Kind.CPU ? "cpu" : "cuda:" + device.index();
    this.differentiable = differentiable;
  }

  Precision precision() {
    return precision;
  }

  boolean differentiable() {
    return differentiable;
  }

  /** Adds a line. */
  void line(String text) {
    body.append("  ").append(text).append('\n');
  }

  /** Gives an expression a name. */
  String name(String prefix, String expression) {
    String name = prefix + names++;
    line(name + " = " + expression);
    return name;
  }

  /** Gives each element of a tuple a name. */
  List<String> names(String prefix, int count, String expression) {
    List<String> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(prefix + names++);
    }
    line(String.join(", ", all) + ", = " + expression);
    return all;
  }

  /** How many names there are: names made from now on have this number or a higher one. */
  int nameCount() {
    return names;
  }

  /** The lines so far. */
  String body() {
    return body.toString();
  }

  /** Lets a symbol be read from an axis of a tensor; the first one counts. */
  void bind(String symbol, String tensor, int axis) {
    if (!symbols.containsKey(symbol)) {
      symbols.put(symbol, name("n", "torch.size(" + tensor + ", " + axis + ")"));
    }
  }

  /** A size as an integer of the script. */
  String size(Dim dim) {
    if (dim.known()) {
      return Long.toString(dim.longSize());
    }
    String known = sizes.get(dim);
    if (known == null) {
      known = dim.isSymbol() ? polynomial(dim) : name("n", polynomial(dim));
      sizes.put(dim, known);
    }
    return known;
  }

  /** Sizes as a list of integers of the script. */
  String sizes(List<Dim> dims) {
    return dims.stream().map(this::size).collect(Collectors.joining(", ", "[", "]"));
  }

  private String polynomial(Dim dim) {
    return dim.terms().entrySet().stream()
        .map(term -> monomial(term.getKey(), term.getValue()))
        .collect(Collectors.joining(" + "));
  }

  private String monomial(List<Dim.Atom> atoms, long coefficient) {
    if (atoms.isEmpty()) {
      return Long.toString(coefficient);
    }
    String factors = atoms.stream().map(this::atom).collect(Collectors.joining(" * "));
    return coefficient == 1 ? factors : coefficient + " * " + factors;
  }

  private String atom(Dim.Atom atom) {
    if (atom instanceof Dim.Quotient quotient) {
      return "((" + polynomial(quotient.numerator()) + ") // " + quotient.divisor() + ")";
    }
    String name = symbols.get(((Dim.Symbol) atom).name());
    if (name == null) {
      throw new IllegalStateException("no axis of an input has the size " + atom);
    }
    return name;
  }

  /** PyTorch's number of an element type, as this session keeps it. */
  int code(DType dtype) {
    return scalarType(precision.stored(dtype));
  }

  /** PyTorch's number of an element type. */
  static int scalarType(DType dtype) {
    return switch (dtype) {
      case U8 -> 0;
      case I8 -> 1;
      case I32 -> 3;
      case I64 -> 4;
      case F16 -> 5;
      case F32 -> 6;
      case F64 -> 7;
      case BOOL -> 11;
      case BF16 -> 15;
    };
  }

  /** A tensor that the method was given, as what it is: see {@link Precision#handed}. */
  String taken(String tensor, DType nominal) {
    return isHandedAsItIs(nominal) ? tensor : "torch.to(" + tensor + ", " + code(nominal) + ")";
  }

  /** A tensor as the method returns it. */
  String returned(String tensor, DType nominal) {
    int handed = scalarType(precision.handed(nominal));
    return isHandedAsItIs(nominal) ? tensor : "torch.to(" + tensor + ", " + handed + ")";
  }

  private boolean isHandedAsItIs(DType nominal) {
    return precision.handed(nominal) == precision.stored(nominal);
  }

  /** The keyword arguments of a new tensor. */
  String created(DType dtype) {
    return "dtype=" + code(dtype) + ", device=torch.device(\"" + device + "\")";
  }

  /** A constant: a literal where the script has one, otherwise an element of {@code c}. */
  Term constant(Primitive.Constant constant) {
    if (constant.type().rank() == 0 && constant.type().dtype() != DType.BOOL) {
      Number value = constant.values().get(0);
      if (Double.isFinite(value.doubleValue())) {
        return Term.number(value.toString());
      }
    }
    int index = constants.indexOf(constant);
    if (index < 0) {
      index = constants.size();
      constants.add(constant);
    }
    return Term.tensor(taken("c[" + index + "]", constant.type().dtype()));
  }

  /** What {@code c} must hold, in order. */
  List<Primitive.Constant> constants() {
    return List.copyOf(constants);
  }
}
