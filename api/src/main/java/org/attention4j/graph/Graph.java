package org.attention4j.graph;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;
import org.attention4j.error.UsageException;
import org.attention4j.nn.Init;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.Op;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * A recorded model. Values are numbered; {@code types} holds the type of each; inputs, parameters
 * and outputs are named. Nodes are in an order in which they can run. Immutable, thread-safe.
 */
public record Graph(
    Map<String, Integer> inputs,
    Map<String, Parameter> parameters,
    List<Node> nodes,
    Map<String, Integer> outputs,
    List<TensorType> types) {

  /** One op with the values it reads and makes, and the path of the block it belongs to. */
  public record Node(Op op, List<Integer> operands, List<Integer> results, String path) {
    public Node {
      operands = List.copyOf(operands);
      results = List.copyOf(results);
    }
  }

  /** A parameter's value and how it starts. */
  public record Parameter(int value, Init init) {}

  public Graph {
    inputs = Collections.unmodifiableMap(new LinkedHashMap<>(inputs));
    parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
    outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    nodes = List.copyOf(nodes);
    types = List.copyOf(types);
  }

  /**
   * Records a model.
   *
   * @param inputs types of the inputs it is given, with symbols where sizes vary; {@code past} is
   *     read as the cache mode has it: 0 without a cache, and {@code past+time} is the {@code
   *     capacity} of a static one
   * @throws org.attention4j.error.ShapeException if types do not fit; the message begins with the
   *     path
   */
  public static Graph trace(Model model, Map<String, TensorType> inputs, TraceOptions options) {
    Tracer tracer = new Tracer(options);
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    inputs.forEach(
        (name, type) -> tensors.put(name, tracer.input(name, options.cache().adapt(type))));
    Graph graph = tracer.finish(model.apply(Scope.root(tracer), new Model.Inputs(tensors)));
    Tracer.checkSymbols(graph);
    return graph;
  }

  /** Records a model with its own inputs, no cache, everything expanded. */
  public static Graph trace(Model model) {
    return trace(model, model.inputs(), TraceOptions.primitives());
  }

  /** Type of a value. */
  public TensorType type(int value) {
    return types.get(value);
  }

  /** Types of the inputs by name. */
  public Map<String, TensorType> inputTypes() {
    return typesOf(inputs);
  }

  /** Types of the outputs by name. */
  public Map<String, TensorType> outputTypes() {
    return typesOf(outputs);
  }

  /** Types of the parameters by path. */
  public Map<String, TensorType> parameterTypes() {
    Map<String, Integer> values = new LinkedHashMap<>();
    parameters.forEach((path, parameter) -> values.put(path, parameter.value()));
    return typesOf(values);
  }

  private Map<String, TensorType> typesOf(Map<String, Integer> values) {
    Map<String, TensorType> result = new LinkedHashMap<>();
    values.forEach((name, value) -> result.put(name, types.get(value)));
    return result;
  }

  /** Types of a node's operands. */
  public List<TensorType> operandTypes(Node node) {
    return node.operands().stream().map(types::get).toList();
  }

  /** Types of a node's results. */
  public List<TensorType> resultTypes(Node node) {
    return node.results().stream().map(types::get).toList();
  }

  /** Only the nodes, inputs and parameters that the outputs need. */
  public Graph pruned() {
    Set<Integer> live = new HashSet<>(outputs.values());
    Deque<Node> kept = new ArrayDeque<>();
    for (int i = nodes.size() - 1; i >= 0; i--) {
      Node node = nodes.get(i);
      if (node.results().stream().anyMatch(live::contains)) {
        live.addAll(node.operands());
        kept.addFirst(node);
      }
    }
    Map<String, Integer> usedInputs = new LinkedHashMap<>(inputs);
    usedInputs.values().retainAll(live);
    Map<String, Parameter> usedParameters = new LinkedHashMap<>(parameters);
    usedParameters.values().removeIf(p -> !live.contains(p.value()));
    return new Graph(usedInputs, usedParameters, List.copyOf(kept), outputs, types);
  }

  /**
   * If the last node cuts an output to a part of an axis, a graph that computes little more than
   * that part: the slice moves towards the inputs, through ops that treat the rows of the axis one
   * by one. Otherwise the graph itself. The results are the same.
   */
  public Graph narrowed() {
    return Narrowing.of(this);
  }

  /** The graph with only some outputs. */
  public Graph withOutputs(Collection<String> names) {
    Map<String, Integer> kept = new LinkedHashMap<>();
    for (String name : names) {
      Integer value = outputs.get(name);
      if (value == null) {
        throw new UsageException(
            "the graph has no output '" + name + "', only " + outputs.keySet());
      }
      kept.put(name, value);
    }
    return new Graph(inputs, parameters, nodes, kept, types).pruned();
  }

  /**
   * The graph with one more output {@code grad.PATH} for each parameter that the loss depends on.
   *
   * @param loss name of a scalar output
   * @param keep composites that stay whole, forward and as {@code Backward}
   */
  public Graph gradient(String loss, BiPredicate<Composite, List<TensorType>> keep) {
    return gradient(loss, keep, (path, type) -> true);
  }

  /**
   * The graph with one more output {@code grad.PATH} for each wanted parameter that the loss
   * depends on; nothing is computed for the others.
   *
   * @param loss name of a scalar output
   * @param keep composites that stay whole, forward and as {@code Backward}
   * @param wanted parameters by path and type
   * @throws UsageException if the loss is no floating scalar
   */
  public Graph gradient(
      String loss,
      BiPredicate<Composite, List<TensorType>> keep,
      BiPredicate<String, TensorType> wanted) {
    return Gradient.of(this, loss, keep, wanted);
  }

  /**
   * A graph that {@link #gradient} made, whose backward pass computes the inner values of each
   * layer again instead of keeping them (activation checkpointing; Chen et al. 2016): more
   * arithmetic, and memory for the inputs of the layers and the inside of one. A layer is what lies
   * below a path whose last part is a number. Dropout draws the same mask again. The results are
   * the same.
   *
   * @param fence an op that returns its operand, put before what is computed again so that a
   *     compiler does not see that it is the same; null where there is none
   */
  public Graph recomputing(@Nullable Composite fence) {
    return Recomputation.of(this, fence);
  }

  /** Values of the symbols, read from concrete input shapes. */
  public Map<String, Long> sizes(Map<String, long[]> shapes) {
    return Sizes.of(this, shapes);
  }

  /** The graph with symbols replaced by sizes, in types and ops. */
  public Graph bind(Map<String, Long> sizes) {
    if (types.stream().allMatch(TensorType::known)) {
      return this;
    }
    List<Node> bound = new ArrayList<>(nodes.size());
    for (Node node : nodes) {
      bound.add(new Node(node.op().bind(sizes), node.operands(), node.results(), node.path()));
    }
    return new Graph(
        inputs, parameters, bound, outputs, types.stream().map(t -> t.bind(sizes)).toList());
  }

  /** One line a node, for people. */
  @Override
  public String toString() {
    return GraphPrinter.print(this);
  }
}
