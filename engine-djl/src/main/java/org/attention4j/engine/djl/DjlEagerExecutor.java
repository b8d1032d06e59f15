package org.attention4j.engine.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.attention4j.error.EngineException;
import org.attention4j.graph.Graph;
import org.attention4j.spi.EagerExecutor;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Op;
import org.attention4j.tensor.Primitive;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * PyTorch op by op: primitives as NDArray calls, claimed composites and what NDArray lacks as
 * scripts of one line. Handles are NDArrays of one manager, which {@link #close} frees. One thread
 * at a time.
 */
final class DjlEagerExecutor implements EagerExecutor {
  private static final NDArrayPrimitives NDARRAY = new NDArrayPrimitives();
  private static final int REMEMBERED = 256;

  private final SessionOptions options;
  private final Precision precision;
  private final NDManager manager;
  private final Fusion fusion;
  private final Map<List<Object>, Line> lines =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<List<Object>, Line> eldest) {
          boolean full = size() > REMEMBERED;
          if (full) {
            eldest.getValue().owner.close();
          }
          return full;
        }
      };

  /** One op compiled for operands of certain types, and what owns its memory. */
  private record Line(CompiledGraph graph, NDManager owner) {}

  DjlEagerExecutor(PyTorch pytorch, SessionOptions options, Precision precision) {
    this.options = options;
    this.precision = precision;
    this.manager = pytorch.manager(options.device());
    AttentionChoice attention =
        AttentionChoice.of(options.properties(), options.device(), precision);
    this.fusion = Fusion.forInference(attention.kernel());
  }

  @Override
  public boolean claims(Composite op, List<TensorType> operands) {
    return fusion.claims(op, operands);
  }

  @Override
  public List<Object> execute(
      Op op, List<TensorType> operandTypes, List<TensorType> resultTypes, List<Object> operands) {
    List<NDArray> in = operands.stream().map(o -> (NDArray) o).toList();
    try {
      boolean script =
          Stream.concat(operandTypes.stream(), resultTypes.stream())
              .anyMatch(type -> type.dtype() == DType.BF16); // NDArray has none
      NDArray direct =
          !script && op instanceof Primitive p ? direct(p, in, resultTypes.get(0)) : null;
      return direct != null ? List.of(direct) : line(op, operandTypes, resultTypes, in);
    } catch (ai.djl.engine.EngineException | IllegalArgumentException e) {
      throw new EngineException(
          "PyTorch failed in " + op + " on " + operandTypes + ": " + e.getMessage(), e);
    }
  }

  private @Nullable NDArray direct(Primitive op, List<NDArray> in, TensorType result) {
    return op.accept(NDARRAY, new NDArrayPrimitives.Call(manager, precision, in, result));
  }

  private List<Object> line(
      Op op, List<TensorType> operandTypes, List<TensorType> resultTypes, List<NDArray> in) {
    Line line =
        lines.computeIfAbsent(
            List.of(op, operandTypes), key -> compile(op, operandTypes, resultTypes));
    return List.copyOf(line.graph.run(manager, new NDList(in)).values());
  }

  private Line compile(Op op, List<TensorType> operandTypes, List<TensorType> resultTypes) {
    Map<String, Integer> inputs = new LinkedHashMap<>();
    List<Integer> values = new ArrayList<>();
    for (int i = 0; i < operandTypes.size(); i++) {
      inputs.put("x" + i, i);
      values.add(i);
    }
    Map<String, Integer> outputs = new LinkedHashMap<>();
    List<Integer> results = new ArrayList<>();
    for (int i = 0; i < resultTypes.size(); i++) {
      outputs.put("y" + i, operandTypes.size() + i);
      results.add(operandTypes.size() + i);
    }
    List<TensorType> types = new ArrayList<>(operandTypes);
    types.addAll(resultTypes);
    Graph.Node node = new Graph.Node(op, values, results, "");
    Graph graph = new Graph(inputs, Map.of(), List.of(node), outputs, types);
    NDManager owner = manager.newSubManager();
    return new Line(
        new CompiledGraph(owner, graph, precision, options.device(), fusion, Map.of()), owner);
  }

  @Override
  public Object upload(HostTensor tensor, TensorType type) {
    return HostArrays.copy(manager, tensor.cast(precision.handed(type.dtype())));
  }

  @Override
  public HostTensor download(Object handle, TensorType type) {
    return HostArrays.fetch((NDArray) handle).cast(precision.stored(type.dtype()));
  }

  @Override
  public void release(Object handle) {
    ((NDArray) handle).close();
  }

  @Override
  public void close() {
    manager.close();
  }
}
