package org.attention4j.engine.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.attention4j.error.UsageException;
import org.attention4j.spi.CacheLength;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Rows;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;

/**
 * A decoding whose cache stays on the device: the presents of a step are the past of the next, in
 * the same memory while that lasts ({@link CacheGrowth}).
 */
final class DjlDecoding implements Decoding {

  private final DjlSession session;
  private final NDManager manager;
  private Map<String, NDArray> cache = new LinkedHashMap<>();
  private long length;
  private boolean checked;
  private boolean closed;

  DjlDecoding(DjlSession session) {
    this.session = session;
    this.manager = session.newManager();
  }

  @Override
  public Map<String, HostTensor> next(Map<String, HostTensor> inputs) {
    return session.using(() -> nextOpen(inputs));
  }

  private Map<String, HostTensor> nextOpen(Map<String, HostTensor> inputs) {
    if (closed) {
      throw new UsageException("this decoding is closed");
    }
    session.program().checkNames(inputs.keySet());
    CompiledGraph graph = cache.isEmpty() ? session.prefill() : session.step();
    check(graph, inputs);
    try (NDManager scratch = session.newManager()) {
      NDList values = new NDList();
      for (String name : graph.graph().inputs().keySet()) {
        NDArray past = cache.get(name);
        values.add(past != null ? past : graph.inputs().copy(scratch, name, given(inputs, name)));
      }
      Map<String, HostTensor> results = new LinkedHashMap<>();
      Map<String, NDArray> presents = new LinkedHashMap<>();
      for (Map.Entry<String, NDArray> output : graph.run(scratch, values).entrySet()) {
        String name = output.getKey();
        if (name.startsWith(CacheGrowth.PRESENT)) {
          presents.put(
              CacheGrowth.PAST + name.substring(CacheGrowth.PRESENT.length()), output.getValue());
        } else {
          results.put(name, graph.fetch(name, output.getValue()));
        }
      }
      replaceCache(presents);
      return results;
    }
  }

  private static HostTensor given(Map<String, HostTensor> inputs, String name) {
    return Objects.requireNonNull(inputs.get(name), name);
  }

  /** Names and element types each time; the ops' shape rules at the first step of each kind. */
  private void check(CompiledGraph graph, Map<String, HostTensor> inputs) {
    Map<String, long[]> shapes = GraphInputs.shapes(inputs);
    cache.forEach((name, array) -> shapes.put(name, array.getShape().getShape()));
    if (checked) {
      graph.inputs().checkDeclared(inputs, shapes);
    } else {
      graph.inputs().check(inputs, shapes);
      checked = !cache.isEmpty();
    }
  }

  private void replaceCache(Map<String, NDArray> presents) {
    presents.values().forEach(array -> array.attach(manager));
    cache.values().forEach(NDArray::close);
    cache = presents;
    length = measure();
  }

  /** The size of the axis that the step's graph calls {@code past}. */
  private long measure() {
    for (Map.Entry<String, NDArray> entry : cache.entrySet()) {
      int axis = pastAxis(entry.getKey());
      if (axis >= 0) {
        return entry.getValue().getShape().get(axis);
      }
    }
    return 0;
  }

  /** -1 for an entry that does not grow. */
  private int pastAxis(String name) {
    TensorType type = session.step().graph().inputTypes().get(name);
    return type == null ? -1 : type.dims().indexOf(Dim.symbol("past"));
  }

  /** Entries become views of their memory's beginning, whose rest the next step writes over. */
  @Override
  public void truncate(long wanted) {
    session.using(
        () -> {
          if (closed) {
            throw new UsageException("this decoding is closed");
          }
          CacheLength.check(wanted, length);
          cache.replaceAll(
              (name, entry) -> {
                int axis = pastAxis(name);
                if (axis < 0) {
                  return entry;
                }
                NDArray kept = entry.get(new NDIndex().addAllDim(axis).addSliceDim(0, wanted));
                kept.attach(manager);
                entry.close();
                return kept;
              });
          length = wanted;
          return length;
        });
  }

  @Override
  public void select(long... rows) {
    session.using(
        () -> {
          Rows.check(rows, cache.isEmpty() ? 0 : cache.values().iterator().next().size(0));
          Map<String, NDArray> selected = new LinkedHashMap<>();
          try (NDManager scratch = session.newManager()) {
            NDIndex index = new NDIndex("{}", scratch.create(rows));
            cache.forEach((name, entry) -> selected.put(name, entry.get(scratch, index)));
            replaceCache(selected);
          }
          return length;
        });
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public void close() {
    closed = true;
    manager.close();
    cache = new LinkedHashMap<>();
    length = 0;
  }
}
