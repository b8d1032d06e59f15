package org.attention4j.spi;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.attention4j.error.ShapeException;
import org.attention4j.error.UsageException;
import org.attention4j.nn.Init;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.op.Start;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;

/**
 * Runs blocks and models op by op on an engine, so that a debugger can stop anywhere and look at
 * values. The same {@code apply} that a trace records computes here at once; without a cache and
 * without dropout.
 *
 * <p>Owns the executor. One thread at a time.
 */
public final class Eager implements AutoCloseable {
  private final EagerExecutor executor;
  private final Weights weights;
  private final Map<String, Tensor> parameters = new HashMap<>();

  private Eager(EagerExecutor executor, Weights weights) {
    this.executor = executor;
    this.weights = weights;
  }

  /**
   * Opens an engine for eager work.
   *
   * @throws org.attention4j.error.EngineException if the engine has no eager mode
   */
  public static Eager open(Engine engine, Weights weights, SessionOptions options) {
    return new Eager(engine.eager(options), weights);
  }

  /** A tensor on the engine with a copy of the values. */
  public Tensor tensor(HostTensor value) {
    TensorType type = TensorType.ofShape(value.dtype(), value.shape());
    return new Tensor(type, executor, executor.upload(value, type));
  }

  /** A copy of a tensor's values. */
  public HostTensor value(Tensor tensor) {
    return executor.download(tensor.handle(), tensor.type());
  }

  /** The top scope of a run: blocks find these weights by path. */
  public Scope scope() {
    return Scope.root(new Run());
  }

  /** Runs a whole model. */
  public Map<String, HostTensor> run(Model model, Map<String, HostTensor> inputs) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    inputs.forEach((name, value) -> tensors.put(name, tensor(value)));
    Map<String, HostTensor> results = new LinkedHashMap<>();
    model
        .apply(scope(), new Model.Inputs(tensors))
        .forEach((name, tensor) -> results.put(name, value(tensor)));
    return results;
  }

  @Override
  public void close() {
    executor.close();
  }

  private Tensor uploaded(String path, TensorType type) {
    HostTensor value = weights.get(path);
    TensorType given = TensorType.ofShape(type.dtype(), value.shape());
    return new Tensor(given, executor, executor.upload(value, given));
  }

  private final class Run implements Scope.Run {
    @Override
    public Tensor param(String path, TensorType type, Init init) {
      Tensor parameter = parameters.computeIfAbsent(path, p -> uploaded(p, type));
      if (!parameter.type().equals(type)) {
        throw new ShapeException(
            "parameter " + path + " is " + parameter.type() + ", but asked for as " + type);
      }
      return parameter;
    }

    @Override
    public Start start() {
      return Start.ZERO;
    }

    @Override
    public Tensor extend(String entry, Tensor fresh, int axis) {
      return fresh;
    }

    @Override
    public Tensor once(String entry, Supplier<Tensor> compute) {
      return compute.get();
    }

    @Override
    public boolean observes(String path) {
      return false;
    }

    @Override
    public void report(String path, Tensor value) {}

    @Override
    public void enter(String path) {}

    @Override
    public void leave() {}

    @Override
    public boolean training() {
      return false;
    }

    @Override
    public Tensor seed() {
      throw new UsageException("an eager run draws no dropout masks");
    }
  }
}
