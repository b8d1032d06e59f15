package org.attention4j.engine.onnx.session;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.attention4j.error.UsageException;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Session;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * A model opened for inference: one ONNX Runtime model for whole sequences, opened at the first
 * run, and those that keep a cache, opened at the first decoding. Thread-safe.
 */
public final class OnnxSession implements Session {

  /**
   * The models of a decoding.
   *
   * @param prefill of the first step; null if {@code step} with an empty past will do
   * @param step of later steps
   * @param pastSymbol the symbol of the cache's length; null for a cache that is written in place
   * @param prompts like {@code step}, for a long first step where the cache is written in place;
   *     null if {@code step} does
   * @param batches whether a step over a cache in place may give several texts several tokens
   */
  public record Decoders(
      @Nullable OrtModel prefill,
      OrtModel step,
      @Nullable String pastSymbol,
      @Nullable LazyModel prompts,
      boolean batches)
      implements AutoCloseable {

    /** With a cache that ONNX Runtime makes anew in each step. */
    public static Decoders growing(@Nullable OrtModel prefill, OrtModel step, String pastSymbol) {
      return new Decoders(prefill, step, pastSymbol, null, true);
    }

    /** With a cache that is written in place. */
    public static Decoders inPlace(OrtModel step, @Nullable LazyModel prompts, boolean batches) {
      return new Decoders(null, step, null, prompts, batches);
    }

    @Override
    public void close() {
      step.close();
      if (prefill != null) {
        prefill.close();
      }
      if (prompts != null) {
        prompts.close();
      }
    }
  }

  private final Signature signature;
  private final LazyModel whole;
  private final Map<String, TensorType> declared;
  private final Consumer<Iterable<String>> checkNames;
  private final Supplier<Decoders> opener;
  private final String description;
  private final boolean narrow;
  private final CacheMemory memory = new CacheMemory();
  private @Nullable Decoders decoders;
  private boolean closed;

  /**
   * A session.
   *
   * @param signature of runs without a cache
   * @param whole runs without a cache
   * @param declared types of the program's outputs, whatever the precision
   * @param checkNames refuses names of inputs that the program does not have
   * @param opener opens the models with a cache, at the first {@link #decode}
   */
  public OnnxSession(
      Signature signature,
      LazyModel whole,
      Map<String, TensorType> declared,
      Consumer<Iterable<String>> checkNames,
      Supplier<Decoders> opener,
      String description) {
    this.signature = signature;
    this.whole = whole;
    this.declared = Map.copyOf(declared);
    this.checkNames = checkNames;
    this.opener = opener;
    this.description = description;
    this.narrow = signature.outputs().values().stream().anyMatch(t -> t.dtype() == DType.F16);
  }

  @Override
  public Set<String> inputs() {
    return signature.inputs().keySet();
  }

  @Override
  public Map<String, HostTensor> run(Map<String, HostTensor> inputs) {
    OrtModel model = whole.get();
    return outward(model.run(known(model, inputs)));
  }

  /** The graph's floating type is nominally f32, and so are outputs computed in less. */
  private Map<String, HostTensor> outward(Map<String, HostTensor> outputs) {
    if (!narrow) {
      return outputs;
    }
    outputs.replaceAll(
        (name, tensor) -> {
          TensorType type = declared.get(name);
          boolean nominal = type == null || type.dtype() == DType.F32;
          return nominal && tensor.dtype() == DType.F16 ? tensor.cast(DType.F32) : tensor;
        });
    return outputs;
  }

  /** Inputs of the program that its graph does not need are left out. */
  private Map<String, HostTensor> known(OrtModel model, Map<String, HostTensor> inputs) {
    if (model.signature().inputs().keySet().containsAll(inputs.keySet())) {
      return inputs;
    }
    checkNames.accept(inputs.keySet());
    Map<String, HostTensor> used = new LinkedHashMap<>(inputs);
    used.keySet().retainAll(model.signature().inputs().keySet());
    return used;
  }

  /** Runs into outputs of the caller's, which must have the right types and shapes. */
  public void run(Map<String, HostTensor> inputs, Map<String, HostTensor> outputs) {
    whole.get().run(inputs, outputs);
  }

  @Override
  public Decoding decode() {
    Decoders models = decoders();
    String past = models.pastSymbol();
    return past == null
        ? new InPlaceDecoding(models, memory, this::known, this::outward)
        : new CachedDecoding(models.prefill(), models.step(), past, this::known, this::outward);
  }

  private synchronized Decoders decoders() {
    if (closed) {
      throw new UsageException("this session is closed");
    }
    if (decoders == null) {
      decoders = opener.get();
    }
    return decoders;
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public synchronized void close() {
    closed = true;
    memory.close();
    whole.close();
    if (decoders != null) {
      decoders.close();
    }
  }
}
