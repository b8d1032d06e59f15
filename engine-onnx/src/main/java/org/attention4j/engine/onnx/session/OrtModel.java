package org.attention4j.engine.onnx.session;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.attention4j.error.EngineException;
import org.attention4j.error.ShapeException;
import org.attention4j.error.StorageException;
import org.attention4j.error.UsageException;
import org.attention4j.onnxformat.OnnxModel;
import org.attention4j.onnxformat.Weight;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;

/**
 * A model opened in ONNX Runtime. Several threads may run it at once; closing waits for them.
 *
 * <p>Weights that were loaded from files ONNX Runtime reads there, see {@link FileWeights}. Other
 * tables and matrices in direct memory are shared with it, not copied, so that several models over
 * the same weights cost them once (apart from what ONNX Runtime rearranges for its products).
 */
public final class OrtModel implements AutoCloseable {
  private final Signature signature;
  private final RunPlans plans;
  private final OrtSession session;
  private final OrtSession.SessionOptions options;
  private final List<OnnxTensor> weights;
  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private boolean closed;

  private OrtModel(
      Signature signature,
      OrtSession session,
      OrtSession.SessionOptions options,
      List<OnnxTensor> weights) {
    this.signature = signature;
    this.plans = new RunPlans(signature);
    this.session = session;
    this.options = options;
    this.weights = weights;
  }

  /**
   * Opens a model in memory, its weights in memory or in the files that they were loaded from.
   *
   * @throws StorageException if weights have to be written to a temporary file first, and there is
   *     no room for it
   */
  public static OrtModel open(OnnxModel model, Signature signature, OrtSettings settings) {
    boolean here = settings.provider().equals("cpu"); // others keep weights elsewhere
    OnnxModel widened = here ? WidenedMatrices.of(model) : model;
    try (TemporaryWeights written = TemporaryWeights.of(widened)) {
      return open(model, FileWeights.of(widened, written.places()), signature, settings);
    }
  }

  private static OrtModel open(
      OnnxModel model, FileWeights stored, Signature signature, OrtSettings settings) {
    OrtModel opened = null;
    try {
      opened = open(stored, signature, settings);
    } catch (EngineException e) {
      if (stored.areCurrent()) {
        throw e;
      }
    }
    if (opened != null && stored.areCurrent()) {
      return opened;
    }
    // Another file has taken the name of one just now; the old one is still mapped.
    if (opened != null) {
      opened.close();
    }
    return open(FileWeights.none(model), signature, settings);
  }

  private static OrtModel open(FileWeights stored, Signature signature, OrtSettings settings) {
    OnnxModel model = stored.model();
    Map<String, OnnxTensor> shared = new LinkedHashMap<>();
    Map<String, Weight> packed = new LinkedHashMap<>(model.weights());
    packed.keySet().retainAll(InPlaceWeights.ofKernel(model));
    SideBySide.read(packed).forEach((name, tensor) -> shared.put(name, OrtTensors.over(tensor)));
    model
        .weights()
        .forEach(
            (name, weight) -> shared.computeIfAbsent(name, n -> OrtTensors.over(weight.tensor())));
    byte[] message = model.proto().toByteArray();
    return open(
        signature,
        settings,
        shared,
        InPlaceWeights.of(model),
        sessionOptions -> {
          if (stored.folder() != null) {
            sessionOptions.addConfigEntry(
                "session.model_external_initializers_file_folder_path", stored.folder().toString());
          }
          return OrtRuntime.environment().createSession(message, sessionOptions);
        });
  }

  /**
   * Opens a checked model file; its external data lies beside it. ONNX Runtime takes the graph and
   * maps the weights in the file, where it would otherwise parse them into memory and copy them
   * from there.
   *
   * @param read the file, read in place
   */
  static OrtModel open(Path file, OnnxModel read, Signature signature, OrtSettings settings)
      throws IOException {
    FileWeights stored = FileWeights.of(read);
    if (stored.allIn(file.toAbsolutePath().resolveSibling(""))) {
      OrtModel opened = open(stored, signature, settings);
      if (stored.areCurrent()) {
        return opened;
      }
      opened.close();
      throw new StorageException(file + " was changed while it was opened");
    }
    return open(
        signature,
        settings,
        Map.of(),
        Set.of(),
        sessionOptions -> OrtRuntime.environment().createSession(file.toString(), sessionOptions));
  }

  private interface Opener {
    OrtSession open(OrtSession.SessionOptions options) throws OrtException;
  }

  private static OrtModel open(
      Signature signature,
      OrtSettings settings,
      Map<String, OnnxTensor> shared,
      Set<String> inPlace,
      Opener opener) {
    List<OnnxTensor> weights = List.copyOf(shared.values());
    OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    try {
      settings.apply(options);
      if (!shared.isEmpty()) {
        options.addExternalInitializers(new LinkedHashMap<String, OnnxTensorLike>(shared));
        for (String name : inPlace) {
          options.addInitializer(name, Objects.requireNonNull(shared.get(name), name));
        }
      }
      return new OrtModel(signature, opener.open(options), options, weights);
    } catch (OrtException | RuntimeException e) {
      options.close();
      weights.forEach(OnnxTensor::close);
      throw e instanceof EngineException known
          ? known
          : new EngineException("ONNX Runtime cannot open the model: " + e.getMessage(), e);
    }
  }

  /** Inputs and outputs. */
  public Signature signature() {
    return signature;
  }

  /** Runs the model once. The outputs are the caller's. */
  public Map<String, HostTensor> run(Map<String, HostTensor> inputs) {
    Map<String, HostTensor> checked = signature.check(inputs);
    RunPlan plan = plans.of(checked);
    Staging staging = plan.borrow(signature, checked);
    if (staging != null) {
      return run(plan, staging, checked);
    }
    Map<String, HostTensor> outputs = new LinkedHashMap<>();
    Map<String, DType> computed = new LinkedHashMap<>();
    plan.outputs()
        .forEach(
            (name, type) -> {
              if (type.known()) {
                outputs.put(name, HostTensor.zeros(type.dtype(), type.shape()));
              } else {
                computed.put(name, type.dtype()); // a file of others may not say how large it is
              }
            });
    run(checked, outputs, computed);
    return outputs;
  }

  private Map<String, HostTensor> run(
      RunPlan plan, Staging staging, Map<String, HostTensor> inputs) {
    boolean done = false;
    try {
      staging.fill(inputs);
      runNative(staging.fed(), Set.of(), staging.pinned()).close();
      done = true;
      return staging.results();
    } finally {
      if (done) {
        plan.giveBack(staging);
      } else {
        staging.close();
      }
    }
  }

  /**
   * Types of the outputs for inputs at hand; sizes that follow from no input stay symbolic.
   *
   * @throws UsageException if an input is missing
   * @throws ShapeException if a shape does not fit
   */
  Map<String, TensorType> outputTypes(Map<String, HostTensor> inputs) {
    return plans.of(signature.check(inputs)).outputs();
  }

  /**
   * Runs the model once into given outputs, which must have the right types and shapes; for callers
   * that reuse memory.
   */
  public void run(Map<String, HostTensor> inputs, Map<String, HostTensor> outputs) {
    Map<String, HostTensor> checked = signature.check(inputs);
    Map<String, TensorType> types = plans.of(checked).outputs();
    outputs.forEach(
        (name, tensor) -> {
          TensorType type = types.get(name);
          TensorType given = TensorType.ofShape(tensor.dtype(), tensor.shape());
          if (!given.equals(type)) {
            throw new ShapeException("output '" + name + "' is " + type + ", got " + given);
          }
        });
    run(checked, outputs, Map.of());
  }

  private void run(
      Map<String, HostTensor> inputs,
      Map<String, HostTensor> outputs,
      Map<String, DType> computed) {
    try (Feeds feeds = new Feeds();
        Feeds results = new Feeds()) {
      inputs.forEach(feeds::put);
      outputs.forEach((name, tensor) -> results.put(signature.fileName(name), tensor));
      try (OrtSession.Result result =
          runNative(feeds.tensors(), computed.keySet(), results.tensors())) {
        computed.forEach(
            (name, dtype) -> {
              OnnxTensor tensor = (OnnxTensor) result.get(name).orElseThrow();
              outputs.put(name, OrtTensors.copy(tensor, dtype));
            });
      }
    }
  }

  /**
   * Runs on ONNX Runtime's own tensors.
   *
   * @param requested outputs that ONNX Runtime shall allocate; the caller closes the result
   * @param pinned outputs with memory given
   */
  OrtSession.Result runNative(
      Map<String, OnnxTensor> inputs, Set<String> requested, Map<String, OnnxTensor> pinned) {
    lock.readLock().lock();
    try {
      if (closed) {
        throw new UsageException("this session is closed");
      }
      return session.run(inputs, requested, pinned);
    } catch (OrtException e) {
      throw new EngineException("ONNX Runtime failed: " + e.getMessage(), e);
    } finally {
      lock.readLock().unlock();
    }
  }

  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      session.close(); // before the memory it reads from
      plans.close();
      options.close();
      weights.forEach(OnnxTensor::close);
    } catch (OrtException e) {
      throw new EngineException("ONNX Runtime cannot close a session: " + e.getMessage(), e);
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** Named tensors over host memory, closed together. */
  static final class Feeds implements AutoCloseable {
    private final Map<String, OnnxTensor> tensors = new LinkedHashMap<>();
    private final List<OnnxTensor> owned = new ArrayList<>();

    void put(String name, HostTensor tensor) {
      OnnxTensor over = OrtTensors.over(tensor);
      owned.add(over);
      tensors.put(name, over);
    }

    /** A tensor that somebody else closes. */
    void lend(String name, OnnxTensor tensor) {
      tensors.put(name, tensor);
    }

    Map<String, OnnxTensor> tensors() {
      return tensors;
    }

    @Override
    public void close() {
      owned.forEach(OnnxTensor::close);
    }
  }
}
