package org.attention4j.spi;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.attention4j.error.DTypeException;
import org.attention4j.graph.Graph;
import org.attention4j.graph.Replay;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * One graph on an eager executor; remembers the bound form of the shapes it has seen. Thread-safe.
 */
final class GraphRunner {
  private static final int REMEMBERED = 64;

  private final Graph graph;
  private final EagerExecutor executor;
  private final Map<Map<String, Long>, Replay> replays =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Map<String, Long>, Replay> eldest) {
          return size() > REMEMBERED;
        }
      };

  GraphRunner(Graph graph, EagerExecutor executor) {
    this.graph = graph;
    this.executor = executor;
  }

  Graph graph() {
    return graph;
  }

  /** Checks a host value against an input and brings it in. */
  Tensor upload(String name, HostTensor value) {
    TensorType declared = graph.type(Objects.requireNonNull(graph.inputs().get(name)));
    if (declared.dtype() != value.dtype()
        && !(declared.dtype().isFloating() && value.dtype().isFloating())) {
      throw new DTypeException(
          "input '" + name + "' is " + value.dtype().label() + ", wanted " + declared);
    }
    TensorType type = TensorType.ofShape(declared.dtype(), value.shape());
    return new Tensor(type, executor, executor.upload(value, type));
  }

  /** Runs on tensors of the executor; shapes are checked against the graph's first. */
  Map<String, Tensor> run(Map<String, Tensor> parameters, Map<String, Tensor> inputs) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    inputs.forEach((name, tensor) -> shapes.put(name, tensor.type().shape()));
    Replay replay = replay(graph.sizes(shapes));
    return replay.run(executor, path -> Objects.requireNonNull(parameters.get(path)), inputs);
  }

  private synchronized Replay replay(Map<String, Long> sizes) {
    return replays.computeIfAbsent(sizes, s -> new Replay(graph.bind(s)));
  }
}
