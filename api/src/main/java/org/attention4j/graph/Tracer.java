package org.attention4j.graph;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.attention4j.error.ShapeException;
import org.attention4j.nn.Init;
import org.attention4j.nn.Scope;
import org.attention4j.op.Start;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Executor;
import org.attention4j.tensor.Op;
import org.attention4j.tensor.Primitive;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/** Records ops as nodes; values are numbers. Equal ops on equal operands are recorded once. */
final class Tracer implements Executor, Scope.Run {
  private static final String PAST = "past_key_values.";
  private static final String PRESENT = "present.";

  private final TraceOptions options;
  private final List<TensorType> types = new ArrayList<>();
  private final List<Graph.Node> nodes = new ArrayList<>();
  private final Map<String, Integer> inputs = new LinkedHashMap<>();
  private final Map<String, Graph.Parameter> parameters = new LinkedHashMap<>();
  private final Map<String, Integer> presents = new LinkedHashMap<>();
  private final Map<String, Integer> observed = new LinkedHashMap<>();
  private final Map<List<Object>, List<Object>> recorded = new HashMap<>();
  private final Deque<String> path = new ArrayDeque<>(List.of(""));

  Tracer(TraceOptions options) {
    this.options = options;
  }

  private int value(TensorType type) {
    types.add(type);
    return types.size() - 1;
  }

  private Tensor tensor(int value) {
    return new Tensor(types.get(value), this, value);
  }

  Tensor input(String name, TensorType type) {
    return tensor(inputs.computeIfAbsent(name, n -> value(type)));
  }

  @Override
  public boolean claims(Composite op, List<TensorType> operands) {
    return options.keep().test(op, operands);
  }

  @Override
  public List<Object> execute(
      Op op, List<TensorType> operandTypes, List<TensorType> resultTypes, List<Object> operands) {
    return recorded.computeIfAbsent(
        List.of(op, operands),
        key -> {
          List<Integer> results = resultTypes.stream().map(this::value).toList();
          List<Integer> values = operands.stream().map(v -> (Integer) v).toList();
          nodes.add(new Graph.Node(op, values, results, path.getFirst()));
          return List.copyOf(results);
        });
  }

  @Override
  public Tensor param(String name, TensorType type, Init init) {
    Graph.Parameter parameter =
        parameters.computeIfAbsent(name, n -> new Graph.Parameter(value(type), init));
    TensorType known = types.get(parameter.value());
    if (!known.equals(type)) {
      throw new ShapeException("parameter " + name + " is " + known + ", but asked for as " + type);
    }
    return tensor(parameter.value());
  }

  @Override
  public Start start() {
    return switch (options.cache()) {
      case NONE, PREFILL -> Start.ZERO;
      case STEP -> Start.at("past");
      case STATIC -> Start.at(cacheLength());
    };
  }

  private Tensor cacheLength() {
    return input("cache_length", TensorType.i64());
  }

  @Override
  public Tensor extend(String entry, Tensor fresh, int axis) {
    if (options.cache() == CacheMode.NONE) {
      return fresh;
    }
    Tensor all =
        switch (options.cache()) {
          case STEP -> input(PAST + entry, fresh.type().with(axis, "past")).concat(axis, fresh);
          case STATIC ->
              input(PAST + entry, fresh.type().with(axis, "capacity"))
                  .apply(new Primitive.Update(axis), fresh, cacheLength());
          default -> fresh;
        };
    presents.put(PRESENT + entry, (Integer) all.handle());
    return all;
  }

  @Override
  public Tensor once(String entry, Supplier<Tensor> compute) {
    Tensor computed = compute.get();
    return switch (options.cache()) {
      case NONE -> computed;
      case PREFILL -> {
        presents.put(PRESENT + entry, (Integer) computed.handle());
        yield computed;
      }
      case STEP, STATIC -> {
        Tensor kept = input(PAST + entry, computed.type());
        presents.put(PRESENT + entry, (Integer) kept.handle());
        yield kept;
      }
    };
  }

  @Override
  public boolean observes(String name) {
    return options.observe().test(name);
  }

  @Override
  public void report(String name, Tensor value) {
    if (value.executor() == this && observes(name)) {
      observed.put("observed." + name, (Integer) value.handle());
    }
  }

  @Override
  public void enter(String name) {
    path.push(name);
  }

  @Override
  public void leave() {
    path.pop();
  }

  @Override
  public boolean training() {
    return options.training();
  }

  @Override
  public Tensor seed() {
    return input("dropout_seed", TensorType.i64());
  }

  /** The recorded graph, cut down to what the outputs need. */
  Graph finish(Map<String, Tensor> outputs) {
    Map<String, Integer> values = new LinkedHashMap<>();
    outputs.forEach((name, tensor) -> values.put(name, (Integer) tensor.handle()));
    values.putAll(presents);
    values.putAll(observed);
    return new Graph(inputs, parameters, nodes, values, types).pruned();
  }

  /** Sizes that appear anywhere must be readable from an input's axis. */
  static void checkSymbols(Graph graph) {
    List<String> bound = new ArrayList<>();
    for (int input : graph.inputs().values()) {
      for (Dim dim : graph.types().get(input).dims()) {
        if (dim.isSymbol()) {
          bound.addAll(dim.symbols());
        }
      }
    }
    for (Graph.Node node : graph.nodes()) {
      for (int result : node.results()) {
        for (Dim dim : graph.types().get(result).dims()) {
          if (!bound.containsAll(dim.symbols())) {
            throw new ShapeException(
                    "size "
                        + dim
                        + " of "
                        + node.op()
                        + " is the size of no input axis; inputs give "
                        + bound)
                .at(node.path());
          }
        }
      }
    }
  }
}
