package org.attention4j.engine.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import org.attention4j.error.Count;
import org.attention4j.error.UsageException;
import org.attention4j.graph.CacheMode;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Device;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;
import org.jspecify.annotations.Nullable;

/**
 * A model compiled to TorchScript, with its weights read in place on the CPU. One manager owns all
 * native memory of the session; each run has one of its own. Runs may be concurrent.
 */
final class DjlSession implements Session {
  private final PyTorch pytorch;
  private final Program program;
  private final SessionOptions options;
  private final Precision precision;
  private final AttentionChoice attention;
  private final Fusion fusion;
  private final TraceOptions tracing;
  private final NDManager manager;
  private final Map<String, NDArray> weights = new LinkedHashMap<>();
  private final CompiledGraph whole;
  private @Nullable CompiledGraph prefill;
  private @Nullable CompiledGraph step;

  /** Held for reading while native code uses the memory, for writing while it is freed. */
  private final ReadWriteLock lock = new ReentrantReadWriteLock();

  private boolean closed;

  DjlSession(
      PyTorch pytorch,
      Program program,
      Weights given,
      SessionOptions options,
      Precision precision) {
    this.pytorch = pytorch;
    this.program = program;
    this.options = options;
    this.precision = precision;
    this.attention = AttentionChoice.of(options.properties(), options.device(), precision);
    this.fusion = Fusion.forInference(attention.kernel());
    this.tracing = TraceOptions.primitives().keeping(fusion::claims).observing(options.observe());
    Graph graph = program.graph(tracing);
    Parameters.check(graph, given);
    this.manager = pytorch.manager(options.device());
    try {
      adopt(given, graph.parameters().keySet());
      this.whole = compile(graph);
    } catch (RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  /** Several tensors at a time, for to widen them takes most of the time where it is due. */
  private void adopt(Weights given, Set<String> paths) {
    Queue<String> left = new ConcurrentLinkedQueue<>(paths);
    Map<String, NDArray> arrays = new ConcurrentHashMap<>();
    try (Workers workers =
        new Workers("attention4j-weights", pytorch.threadCount(options.threads()))) {
      workers.each(
          worker -> {
            for (String path = left.poll(); path != null; path = left.poll()) {
              arrays.put(path, adopt(given.get(path)));
            }
          });
    }
    weights.putAll(arrays);
  }

  private NDArray adopt(HostTensor tensor) {
    DType real = precision.real();
    boolean convert =
        tensor.dtype() != real
            && options.device().kind() == Device.Kind.CPU
            && tensor.size() > 0
            && tensor.size() * real.bytes() <= Integer.MAX_VALUE; // else cast() says so
    return convert
        ? HostArrays.converted(manager, tensor, real)
        : HostArrays.borrow(manager, tensor.cast(real));
  }

  private CompiledGraph compile(Graph graph) {
    return new CompiledGraph(manager, graph, precision, options.device(), fusion, weights);
  }

  /**
   * Runs a body that uses native memory; the session cannot be closed meanwhile.
   *
   * @throws UsageException if it is closed
   */
  <R> R using(Supplier<R> body) {
    lock.readLock().lock();
    try {
      if (closed) {
        throw new UsageException("this session is closed");
      }
      pytorch.threads(options.threads());
      return body.get();
    } finally {
      lock.readLock().unlock();
    }
  }

  @Override
  public Set<String> inputs() {
    return whole.graph().inputs().keySet();
  }

  @Override
  public Map<String, HostTensor> run(Map<String, HostTensor> inputs) {
    return using(() -> runOpen(inputs));
  }

  private Map<String, HostTensor> runOpen(Map<String, HostTensor> inputs) {
    program.checkNames(inputs.keySet());
    whole.inputs().check(inputs, GraphInputs.shapes(inputs));
    try (NDManager scratch = manager.newSubManager()) {
      NDList values = whole.inputs().borrow(scratch, inputs);
      Map<String, HostTensor> results = new LinkedHashMap<>();
      whole
          .run(scratch, values)
          .forEach((name, array) -> results.put(name, whole.fetch(name, array)));
      return results;
    }
  }

  @Override
  public Decoding decode() {
    return using(() -> new DjlDecoding(this));
  }

  Program program() {
    return program;
  }

  /** A manager for one decoding's cache or one step's values. */
  NDManager newManager() {
    return manager.newSubManager();
  }

  /** The graph of a decoding's first step. */
  synchronized CompiledGraph prefill() {
    if (prefill == null) {
      prefill = compile(program.graph(tracing.withCache(CacheMode.PREFILL)));
    }
    return prefill;
  }

  /** The graph of a decoding's later steps. */
  synchronized CompiledGraph step() {
    if (step == null) {
      step = compile(program.graph(tracing.withCache(CacheMode.STEP)));
    }
    return step;
  }

  @Override
  public String description() {
    Device device = options.device();
    return "djl: PyTorch "
        + pytorch.version()
        + " on "
        + device
        + ", "
        + (precision.isMixed() ? "bf16 products, rest f32" : precision.real().label())
        + ", "
        + Count.of(pytorch.threadCount(options.threads()), "thread")
        + ", graph compiled to TorchScript, "
        + attention;
  }

  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      closed = true;
      manager.close();
    } finally {
      lock.writeLock().unlock();
    }
  }
}
