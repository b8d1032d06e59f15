package org.attention4j.engine.djl;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.attention4j.error.EngineException;
import org.attention4j.graph.Graph;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.Device;
import org.attention4j.tensor.Primitive;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * A graph as one TorchScript method, a line for each node.
 *
 * <p>The method takes the parameters, the inputs and the constants, each as a list in the graph's
 * order, and returns the outputs. Symbolic sizes are read from the inputs' axes when it runs.
 */
final class GraphScript {
  private static final PrimitiveScript PRIMITIVES = new PrimitiveScript();

  private static final Pattern NAME = Pattern.compile("[a-z]+\\d+");

  /** The line of a node that PyTorch's report of a failure points at. */
  private static final Pattern CULPRIT =
      Pattern.compile("\\b([a-z]\\d+)(?:, \\w+)*,? = [^\\n]*\\n\\s*~[^\\n]*<--- HERE");

  private final String name;
  private final Graph graph;
  private final ScriptWriter writer;
  private final Splits splits;
  private final Joins joins;
  private final @Nullable Accumulators accumulators;
  private final CacheGrowth cache;
  private final Fusion fusion;
  private final Map<Integer, Term> terms = new HashMap<>();
  private final Map<Integer, List<String>> saved = new HashMap<>();

  /** The node of each line, by the numbers of the names that were made for it. */
  private final TreeMap<Integer, Graph.Node> origins = new TreeMap<>();

  private final String source;

  /**
   * Writes the method.
   *
   * @param name of the method
   * @param graph primitives and claimed composites only
   * @param fusion how composites are written
   * @param differentiable whether autograd will run through it
   */
  GraphScript(
      String name,
      Graph graph,
      Precision precision,
      Device device,
      Fusion fusion,
      boolean differentiable) {
    this(name, graph, precision, device, fusion, differentiable, List.of());
  }

  /**
   * Writes the method.
   *
   * @param accumulated outputs that are added to lasting tensors and not returned: the method then
   *     takes {@link Accumulators#PARAMETERS}, too
   */
  GraphScript(
      String name,
      Graph graph,
      Precision precision,
      Device device,
      Fusion fusion,
      boolean differentiable,
      List<String> accumulated) {
    this.name = name;
    this.graph = graph;
    this.writer = new ScriptWriter(precision, device, differentiable);
    this.splits = new Splits(graph);
    this.joins = new Joins(graph);
    this.accumulators = accumulated.isEmpty() ? null : new Accumulators(graph, accumulated, joins);
    this.cache = new CacheGrowth(graph);
    this.fusion = fusion;
    declare(new ArrayList<>(graph.inputs().values()), "x");
    declare(graph.parameters().values().stream().map(Graph.Parameter::value).toList(), "p");
    bindSymbols();
    if (accumulators != null) {
      accumulators.begin(writer);
    }
    graph.nodes().forEach(this::node);
    if (accumulators != null) {
      accumulators.finish(writer, this::result);
    }
    String results =
        graph.outputs().entrySet().stream()
            .filter(output -> accumulators == null || !accumulators.takes(output.getKey()))
            .map(Map.Entry::getValue)
            .map(value -> writer.returned(result(value), graph.type(value).dtype()))
            .collect(Collectors.joining(", "));
    source =
        (cache.isNeeded() ? CacheGrowth.METHODS : "")
            + "def "
            + name
            + "(self, p: List[Tensor], x: List[Tensor], c: List[Tensor]"
            + (accumulators == null ? "" : Accumulators.PARAMETERS)
            + ") -> List[Tensor]:\n"
            + writer.body()
            + "  return ["
            + results
            + "]\n";
  }

  private void declare(List<Integer> values, String list) {
    for (int i = 0; i < values.size(); i++) {
      String given = writer.taken(list + "[" + i + "]", graph.type(values.get(i)).dtype());
      terms.put(values.get(i), Term.tensor(writer.name("v", given)));
    }
  }

  private void bindSymbols() {
    for (int value : graph.inputs().values()) {
      TensorType type = graph.type(value);
      for (int axis = 0; axis < type.rank(); axis++) {
        if (type.dim(axis).isSymbol()) {
          writer.bind(type.dim(axis).toString(), term(value).text(), axis);
        }
      }
    }
  }

  private void node(Graph.Node node) {
    if (joins.absorbs(node) || (accumulators != null && accumulators.absorbs(node))) {
      return;
    }
    origins.put(writer.nameCount(), node);
    if (accumulators != null && accumulators.writeProduct(node, this::call)) {
      return;
    }
    Term joined = joins.find(node, terms);
    Written written = joined != null ? Written.of(joined) : write(node);
    for (int i = 0; i < node.results().size(); i++) {
      int value = node.results().get(i);
      Term term = written.results().get(i);
      boolean named = term.isNumber() || NAME.matcher(term.text()).matches();
      terms.put(value, named ? term : Term.tensor(writer.name("v", term.text())));
      if (accumulators != null) {
        accumulators.writeTerm(value, writer, this::result);
      }
    }
    if (!written.saved().isEmpty()) {
      saved.put(node.results().get(0), written.saved());
    }
  }

  private ScriptCall call(Graph.Node node) {
    return new ScriptCall(
        writer,
        node.operands().stream().map(this::term).toList(),
        graph.operandTypes(node),
        graph.type(node.results().get(0)),
        node.operands().stream().map(v -> saved.getOrDefault(v, List.of())).toList());
  }

  private Written write(Graph.Node node) {
    ScriptCall call = call(node);
    Term part = splits.find(node, call);
    Term known = part != null ? part : cache.find(node, call);
    if (known != null) {
      return Written.of(known);
    }
    return node.op() instanceof Primitive primitive
        ? Written.of(primitive.accept(PRIMITIVES, call))
        : fusion.write((Composite) node.op(), call);
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
    return cache.output(value, call.tensor(0));
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
      int number = Integer.parseInt(matcher.group(1).substring(1));
      Map.Entry<Integer, Graph.Node> origin = origins.floorEntry(number);
      node = origin == null ? node : origin.getValue();
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
