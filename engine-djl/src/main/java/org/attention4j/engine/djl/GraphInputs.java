package org.attention4j.engine.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.attention4j.error.DTypeException;
import org.attention4j.error.OperandException;
import org.attention4j.graph.Graph;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;

/**
 * Checks host values against a graph's inputs before native code sees them, and brings them in.
 * Shapes that have not been seen yet go through the shape rule of every op. Thread-safe.
 */
final class GraphInputs {
  private static final int REMEMBERED = 256;

  private final Graph graph;
  private final Precision precision;
  private final Map<Map<String, Long>, Boolean> seen =
      Collections.synchronizedMap(
          new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<Map<String, Long>, Boolean> eldest) {
              return size() > REMEMBERED;
            }
          });

  GraphInputs(Graph graph, Precision precision) {
    this.graph = graph;
    this.precision = precision;
  }

  /**
   * Checks names, element types and shapes.
   *
   * @param shapes of all inputs, those included that are not host values
   * @throws org.attention4j.error.UsageException if an input is missing
   * @throws OperandException if an element type or a shape does not fit; the message has the path
   */
  void check(Map<String, HostTensor> values, Map<String, long[]> shapes) {
    Map<String, Long> sizes = checkDeclared(values, shapes);
    if (!seen.containsKey(sizes)) {
      infer(sizes);
      seen.put(sizes, true);
    }
  }

  /** Checks names, element types and the inputs' own shapes; returns the sizes of the symbols. */
  Map<String, Long> checkDeclared(Map<String, HostTensor> values, Map<String, long[]> shapes) {
    for (Map.Entry<String, HostTensor> entry : values.entrySet()) {
      Integer value = graph.inputs().get(entry.getKey());
      if (value != null) {
        check(entry.getKey(), graph.type(value), entry.getValue().dtype());
      }
    }
    return graph.sizes(shapes);
  }

  private static void check(String name, TensorType declared, DType given) {
    boolean bothFloating = declared.dtype().isFloating() && given.isFloating();
    if (declared.dtype() != given && !bothFloating) {
      throw new DTypeException("input '" + name + "' is " + given.label() + ", wanted " + declared);
    }
  }

  private void infer(Map<String, Long> sizes) {
    for (Graph.Node node : graph.nodes()) {
      List<TensorType> operands =
          graph.operandTypes(node).stream().map(type -> type.bind(sizes)).toList();
      try {
        var unused = node.op().bind(sizes).infer(operands);
      } catch (OperandException e) {
        throw e.at(node.path());
      }
    }
  }

  /** Shapes of host values. */
  static Map<String, long[]> shapes(Map<String, HostTensor> values) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    values.forEach((name, value) -> shapes.put(name, value.shape()));
    return shapes;
  }

  /** A host value as it is handed to the graph's method, borrowed where it needs no conversion. */
  NDArray borrow(NDManager manager, String name, HostTensor value) {
    return HostArrays.borrow(manager, stored(name, value));
  }

  /** The same with memory of its own. */
  NDArray copy(NDManager manager, String name, HostTensor value) {
    return HostArrays.copy(manager, stored(name, value));
  }

  private HostTensor stored(String name, HostTensor value) {
    int index = Objects.requireNonNull(graph.inputs().get(name), name);
    return value.cast(precision.handed(graph.type(index).dtype()));
  }

  /** All inputs in the graph's order, borrowed. */
  NDList borrow(NDManager manager, Map<String, HostTensor> values) {
    NDList list = new NDList();
    for (String name : graph.inputs().keySet()) {
      list.add(borrow(manager, name, Objects.requireNonNull(values.get(name), name)));
    }
    return list;
  }
}
