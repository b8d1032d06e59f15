package org.attention4j.engine.onnx.session;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtSession;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import org.attention4j.error.UsageException;
import org.attention4j.spi.CacheLength;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Rows;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * Decoding with a cache that stays in ONNX Runtime's memory: each step's {@code present.*} outputs
 * are the next step's {@code past_key_values.*} inputs, as they are. One thread at a time.
 */
final class CachedDecoding implements Decoding {
  static final String PAST = "past_key_values.";
  static final String PRESENT = "present.";

  private final @Nullable OrtModel prefill;
  private final OrtModel step;
  private final String pastSymbol;
  private final BiFunction<OrtModel, Map<String, HostTensor>, Map<String, HostTensor>> known;
  private final UnaryOperator<Map<String, HostTensor>> outward;
  private final Map<String, OnnxTensor> cache = new LinkedHashMap<>();
  private boolean closed;

  /**
   * A decoding that has not begun.
   *
   * @param prefill the model of the first step; null if {@code step} with an empty past will do
   * @param step the model of later steps
   * @param pastSymbol the symbol of the cache's length in the step's inputs
   * @param known leaves out inputs that a model does not need
   * @param outward gives outputs the types that the program declares
   */
  CachedDecoding(
      @Nullable OrtModel prefill,
      OrtModel step,
      String pastSymbol,
      BiFunction<OrtModel, Map<String, HostTensor>, Map<String, HostTensor>> known,
      UnaryOperator<Map<String, HostTensor>> outward) {
    this.prefill = prefill;
    this.step = step;
    this.pastSymbol = pastSymbol;
    this.known = known;
    this.outward = outward;
  }

  @Override
  public Map<String, HostTensor> next(Map<String, HostTensor> inputs) {
    if (closed) {
      throw new UsageException("this decoding is closed");
    }
    if (cache.isEmpty() && prefill != null) {
      return run(prefill, inputs, Map.of());
    }
    if (cache.isEmpty()) {
      cache.putAll(emptyCache(inputs));
    }
    return run(step, inputs, cache);
  }

  private Map<String, HostTensor> run(
      OrtModel model, Map<String, HostTensor> given, Map<String, OnnxTensor> past) {
    Signature signature = model.signature();
    Map<String, HostTensor> inputs = signature.check(known.apply(model, given));
    Map<String, long[]> shapes = new HashMap<>();
    inputs.forEach((name, tensor) -> shapes.put(name, tensor.shape()));
    past.forEach((name, tensor) -> shapes.put(name, tensor.getInfo().getShape()));
    Map<String, Long> sizes = signature.sizes(shapes);
    Map<String, HostTensor> outputs = new LinkedHashMap<>();
    try (OrtModel.Feeds feeds = new OrtModel.Feeds();
        OrtModel.Feeds results = new OrtModel.Feeds()) {
      inputs.forEach(feeds::put);
      past.forEach(feeds::lend);
      Map<String, String> grown = new LinkedHashMap<>(); // present.* to past_key_values.*
      signature
          .outputs()
          .forEach(
              (name, type) -> {
                if (!name.startsWith(PRESENT)) {
                  HostTensor output = HostTensor.zeros(type.dtype(), type.bind(sizes).shape());
                  outputs.put(name, output);
                  results.put(signature.fileName(name), output);
                } else if (past.isEmpty() || grows(type)) {
                  grown.put(name, PAST + name.substring(PRESENT.length()));
                } // others were computed once and stay as they are
              });
      OrtSession.Result fresh = model.runNative(feeds.tensors(), grown.keySet(), results.tensors());
      grown.forEach((present, name) -> keep(name, (OnnxTensor) fresh.get(present).orElseThrow()));
    }
    return outward.apply(outputs);
  }

  private void keep(String name, OnnxTensor tensor) {
    OnnxTensor old = cache.put(name, tensor);
    if (old != null) {
      old.close();
    }
  }

  /** Entries of length 0, whose other sizes follow from the given inputs. */
  private Map<String, OnnxTensor> emptyCache(Map<String, HostTensor> inputs) {
    Map<String, Long> sizes = new HashMap<>(Map.of(pastSymbol, 0L));
    inputs.forEach(
        (name, tensor) -> {
          TensorType type = step.signature().inputs().get(name);
          for (int i = 0; type != null && i < Math.min(type.rank(), tensor.rank()); i++) {
            if (type.dim(i).isSymbol()) {
              sizes.put(type.dim(i).toString(), tensor.dim(i));
            }
          }
        });
    Map<String, OnnxTensor> empty = new LinkedHashMap<>();
    step.signature()
        .inputs()
        .forEach(
            (name, type) -> {
              if (name.startsWith(PAST)) {
                HostTensor entry = HostTensor.zeros(type.dtype(), type.bind(sizes).shape());
                empty.put(name, OrtTensors.over(entry));
              }
            });
    return empty;
  }

  @Override
  public void select(long... rows) {
    if (closed) {
      throw new UsageException("this decoding is closed");
    }
    long batch = cache.isEmpty() ? 0 : cache.values().iterator().next().getInfo().getShape()[0];
    Rows.check(rows, batch);
    cache.replaceAll(
        (name, entry) -> {
          OnnxTensor selected = OrtTensors.rows(entry, rows);
          entry.close();
          return selected;
        });
  }

  private boolean grows(TensorType type) {
    return type.dims().stream().anyMatch(dim -> dim.symbols().contains(pastSymbol));
  }

  @Override
  public void truncate(long length) {
    if (closed) {
      throw new UsageException("this decoding is closed");
    }
    CacheLength.check(length, length());
    cache.replaceAll(
        (name, entry) -> {
          int axis = pastAxis(name);
          if (axis < 0) {
            return entry;
          }
          OnnxTensor kept = OrtTensors.beginning(entry, axis, length);
          entry.close();
          return kept;
        });
  }

  @Override
  public long length() {
    for (Map.Entry<String, OnnxTensor> entry : cache.entrySet()) {
      int axis = pastAxis(entry.getKey());
      if (axis >= 0) {
        return entry.getValue().getInfo().getShape()[axis];
      }
    }
    return 0;
  }

  /** -1 for an entry that does not grow. */
  private int pastAxis(String name) {
    TensorType type = step.signature().inputs().get(name);
    for (int axis = 0; type != null && axis < type.rank(); axis++) {
      if (type.dim(axis).symbols().contains(pastSymbol)) {
        return axis;
      }
    }
    return -1;
  }

  @Override
  public void close() {
    closed = true;
    cache.values().forEach(OnnxTensor::close);
    cache.clear();
  }
}
