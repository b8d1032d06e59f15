package org.attention4j.spi;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;
import org.attention4j.error.UsageException;
import org.attention4j.graph.CacheMode;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.jspecify.annotations.Nullable;

/**
 * A session that replays graphs on an eager executor, which it owns. Runs may be concurrent if the
 * executor's are.
 */
public final class GraphSession implements Session {
  private final Program program;
  private final EagerExecutor executor;
  private final TraceOptions tracing;
  private final String description;
  private final GraphRunner runner;
  private final Map<String, Tensor> parameters = new LinkedHashMap<>();
  private @Nullable GraphRunner prefill;
  private @Nullable GraphRunner step;
  private volatile boolean closed;

  /**
   * Uploads the weights.
   *
   * @param executor closed with the session
   * @throws org.attention4j.error.WeightsException if weights are missing or of another shape
   */
  public GraphSession(
      Program program,
      Weights weights,
      SessionOptions options,
      EagerExecutor executor,
      String description) {
    this.program = program;
    this.executor = executor;
    this.description = description;
    BiPredicate<Composite, List<TensorType>> claimed = executor::claims;
    this.tracing = TraceOptions.primitives().keeping(claimed).observing(options.observe());
    Graph graph = program.graph(tracing);
    Parameters.check(graph, weights);
    this.runner = new GraphRunner(graph, executor);
    graph
        .parameterTypes()
        .forEach(
            (path, type) ->
                parameters.put(
                    path, new Tensor(type, executor, executor.upload(weights.get(path), type))));
  }

  @Override
  public Set<String> inputs() {
    return runner.graph().inputs().keySet();
  }

  @Override
  public Map<String, HostTensor> run(Map<String, HostTensor> inputs) {
    requireOpen();
    program.checkNames(inputs.keySet());
    Map<String, Tensor> tensors = upload(runner, inputs);
    Map<String, Tensor> outputs = runner.run(parameters, tensors);
    Map<String, HostTensor> results = download(outputs);
    tensors.values().forEach(t -> executor.release(t.handle()));
    outputs.values().stream().map(Tensor::handle).distinct().forEach(executor::release);
    return results;
  }

  private Map<String, Tensor> upload(GraphRunner target, Map<String, HostTensor> inputs) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    inputs.forEach(
        (name, value) -> {
          if (target.graph().inputs().containsKey(name)) {
            tensors.put(name, target.upload(name, value));
          }
        });
    return tensors;
  }

  private Map<String, HostTensor> download(Map<String, Tensor> outputs) {
    Map<String, HostTensor> results = new LinkedHashMap<>();
    outputs.forEach((name, t) -> results.put(name, executor.download(t.handle(), t.type())));
    return results;
  }

  private synchronized GraphRunner prefill() {
    if (prefill == null) {
      prefill = new GraphRunner(program.graph(tracing.withCache(CacheMode.PREFILL)), executor);
    }
    return prefill;
  }

  private synchronized GraphRunner step() {
    if (step == null) {
      step = new GraphRunner(program.graph(tracing.withCache(CacheMode.STEP)), executor);
    }
    return step;
  }

  @Override
  public Decoding decode() {
    requireOpen();
    return new GraphDecoding();
  }

  @Override
  public String description() {
    return description;
  }

  private void requireOpen() {
    if (closed) {
      throw new UsageException("this session is closed");
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      executor.close();
    }
  }

  /** Keeps the presents of a step as the past of the next. */
  private final class GraphDecoding implements Decoding {
    private static final String PRESENT = "present.";
    private static final String PAST = "past_key_values.";

    private Map<String, Tensor> cache = new LinkedHashMap<>();
    private long length;

    @Override
    public Map<String, HostTensor> next(Map<String, HostTensor> inputs) {
      requireOpen();
      program.checkNames(inputs.keySet());
      GraphRunner target = cache.isEmpty() ? prefill() : step();
      Map<String, Tensor> tensors = upload(target, inputs);
      Map<String, Tensor> fed = new LinkedHashMap<>(tensors);
      fed.putAll(cache);
      Map<String, Tensor> outputs = target.run(parameters, fed);
      Map<String, Tensor> results = new LinkedHashMap<>();
      Map<String, Tensor> presents = new LinkedHashMap<>();
      outputs.forEach(
          (name, tensor) -> {
            if (name.startsWith(PRESENT)) {
              presents.put(PAST + name.substring(PRESENT.length()), tensor);
            } else {
              results.put(name, tensor);
            }
          });
      final Map<String, HostTensor> downloaded = download(results);
      tensors.values().forEach(t -> executor.release(t.handle()));
      results.values().stream().map(Tensor::handle).distinct().forEach(executor::release);
      replaceCache(presents);
      return downloaded;
    }

    private void replaceCache(Map<String, Tensor> presents) {
      for (Tensor old : cache.values()) {
        if (presents.values().stream().noneMatch(t -> t.handle() == old.handle())) {
          executor.release(old.handle());
        }
      }
      cache = presents;
      length = measure();
    }

    /** The size of the axis that the step graph calls {@code past}. */
    private long measure() {
      for (Map.Entry<String, Tensor> entry : cache.entrySet()) {
        int axis = pastAxis(entry.getKey());
        if (axis >= 0) {
          return entry.getValue().dim(axis).longSize();
        }
      }
      return 0;
    }

    /** -1 for an entry that does not grow. */
    private int pastAxis(String name) {
      TensorType type = step().graph().inputTypes().get(name);
      return type == null ? -1 : type.dims().indexOf(Dim.symbol("past"));
    }

    @Override
    public void truncate(long wanted) {
      requireOpen();
      CacheLength.check(wanted, length);
      Map<String, Tensor> kept = new LinkedHashMap<>();
      cache.forEach(
          (name, entry) -> {
            int axis = pastAxis(name);
            kept.put(name, axis < 0 ? entry : entry.slice(axis, 0, wanted));
          });
      replaceCache(kept);
    }

    @Override
    public void select(long... rows) {
      requireOpen();
      Rows.check(rows, cache.isEmpty() ? 0 : cache.values().iterator().next().dim(0).longSize());
      HostTensor indices = HostTensor.of(rows, rows.length);
      TensorType type = TensorType.ofShape(DType.I64, indices.shape());
      Tensor uploaded = new Tensor(type, executor, executor.upload(indices, type));
      Map<String, Tensor> selected = new LinkedHashMap<>();
      cache.forEach((name, entry) -> selected.put(name, entry.take(uploaded)));
      executor.release(uploaded.handle());
      replaceCache(selected);
    }

    @Override
    public long length() {
      return length;
    }

    @Override
    public void close() {
      cache.values().forEach(t -> executor.release(t.handle()));
      cache = new LinkedHashMap<>();
      length = 0;
    }
  }
}
