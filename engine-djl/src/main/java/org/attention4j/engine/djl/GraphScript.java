package org.attention4j.engine.djl;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.attention4j.error.EngineException;
import org.attention4j.graph.Graph;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.Device;
import org.attention4j.tensor.Primitive;
import org.attention4j.tensor.TensorType;

/**
 * A graph as one TorchScript method, a line for each node.
 *
 * <p>The method takes the parameters, the inputs and the constants, each as a list in the graph's
 * order, and returns the outputs. Symbolic sizes are read from the inputs' axes when it runs.
 */
final class GraphScript {
  private static final PrimitiveScript PRIMITIVES = new PrimitiveScript();

  /** The line of a node that PyTorch's report of a failure points at. */
  private static final Pattern CULPRIT =
      Pattern.compile("\\bv(\\d+) = [^\\n]*\\n\\s*~[^\\n]*<--- HERE");

  private final String name;
  private final Graph graph;
  private final ScriptWriter writer;
  private final Splits splits;
  private final Map<Integer, Term> terms = new HashMap<>();
  private final Map<Integer, Graph.Node> origins = new HashMap<>();
  private final String source;

  /**
   * Writes the method.
   *
   * @param name of the method
   * @param graph primitives and claimed composites only
   * @param differentiable whether autograd will run through it
   */
  GraphScript(
      String name, Graph graph, Precision precision, Device device, boolean differentiable) {
    this.name = name;
    this.graph = graph;
    this.writer = new ScriptWriter(precision, device, differentiable);
    this.splits = new Splits(graph);
    declare(new ArrayList<>(graph.inputs().values()), "x");
    declare(graph.parameters().values().stream().map(Graph.Parameter::value).toList(), "p");
    bindSymbols();
    graph.nodes().forEach(this::node);
    String results =
        graph.outputs().values().stream().map(this::result).collect(Collectors.joining(", "));
    source =
        "def "
            + name
            + "(self, p: List[Tensor], x: List[Tensor], c: List[Tensor]) -> List[Tensor]:\n"
            + writer.body()
            + "  return ["
            + results
            + "]\n";
  }

  private void declare(List<Integer> values, String list) {
    for (int i = 0; i < values.size(); i++) {
      String variable = "v" + values.get(i);
      writer.line(variable + " = " + list + "[" + i + "]");
      terms.put(values.get(i), Term.tensor(variable));
    }
  }

  private void bindSymbols() {
    for (int value : graph.inputs().values()) {
      TensorType type = graph.type(value);
      for (int axis = 0; axis < type.rank(); axis++) {
        if (type.dim(axis).isSymbol()) {
          writer.bind(type.dim(axis).toString(), "v" + value, axis);
        }
      }
    }
  }

  private void node(Graph.Node node) {
    if (node.results().size() != 1) {
      throw new IllegalStateException(node.op() + " has several results and is not claimed");
    }
    int value = node.results().get(0);
    ScriptCall call =
        new ScriptCall(
            writer,
            node.operands().stream().map(this::term).toList(),
            graph.operandTypes(node),
            graph.type(value));
    Term term = splits.find(node, call);
    if (term == null) {
      term =
          node.op() instanceof Primitive primitive
              ? primitive.accept(PRIMITIVES, call)
              : FusedScript.emit((Composite) node.op(), call);
    }
    if (!term.isNumber() && !call.operands().contains(term)) {
      writer.line("v" + value + " = " + term.text());
      term = Term.tensor("v" + value);
      origins.put(value, node);
    }
    terms.put(value, term);
  }

  private Term term(int value) {
    Term term = terms.get(value);
    if (term == null) {
      throw new IllegalStateException("value " + value + " is read before it is computed");
    }
    return term;
  }

  private String result(int value) {
    ScriptCall call =
        new ScriptCall(writer, List.of(term(value)), List.of(graph.type(value)), graph.type(value));
    return call.tensor(0);
  }

  String name() {
    return name;
  }

  Graph graph() {
    return graph;
  }

  /** The method's text. */
  String source() {
    return source;
  }

  /** What the method's last parameter must hold. */
  List<Primitive.Constant> constants() {
    return writer.constants();
  }

  /**
   * PyTorch's failure inside the method, with the op and the block's path where it names the line.
   */
  EngineException explain(EngineException failure) {
    Matcher matcher = CULPRIT.matcher(String.valueOf(failure.getMessage()));
    Graph.Node node = null;
    while (matcher.find()) { // the innermost method comes last
      node = origins.getOrDefault(Integer.parseInt(matcher.group(1)), node);
    }
    if (node == null) {
      return failure;
    }
    String path = node.path().isEmpty() ? "the model" : node.path();
    return new EngineException(
        "at "
            + path
            + ": "
            + node.op()
            + " on "
            + graph.operandTypes(node)
            + ": "
            + failure.getMessage(),
        failure);
  }
}
