package org.attention4j.engine.onnx.session;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.attention4j.error.UsageException;
import org.attention4j.spi.CacheLength;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Session;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;

/**
 * A file with the first and the later steps of a decoder, told by {@code use_cache_branch}, as
 * clients run it: the past goes in and out as any tensor. For checking. Thread-safe.
 */
public final class MergedSession implements Session {
  private final OrtModel model;
  private final Path file;

  private MergedSession(OrtModel model, Path file) {
    this.model = model;
    this.file = file;
  }

  /**
   * Opens a file.
   *
   * @throws org.attention4j.error.FileFormatException if it is not an ONNX model, or a hostile one
   */
  public static MergedSession open(Path file, OrtSettings settings) {
    return new MergedSession(FileSession.model(file, settings), file);
  }

  /** Names of the inputs besides the past and the branch. */
  @Override
  public Set<String> inputs() {
    Set<String> names = new LinkedHashSet<>(model.signature().inputs().keySet());
    names.removeIf(name -> name.startsWith(CachedDecoding.PAST));
    names.remove(PartNames.USE_CACHE);
    return names;
  }

  @Override
  public Map<String, HostTensor> run(Map<String, HostTensor> inputs) {
    try (Decoding decoding = decode()) {
      return decoding.next(inputs);
    }
  }

  @Override
  public Decoding decode() {
    return new Steps();
  }

  /** One sequence batch; its past is empty first. */
  private final class Steps implements Decoding {
    private Map<String, HostTensor> past = new LinkedHashMap<>();

    @Override
    public Map<String, HostTensor> next(Map<String, HostTensor> inputs) {
      Map<String, HostTensor> all = new LinkedHashMap<>(inputs);
      all.putAll(past.isEmpty() ? nothing(inputs) : past);
      HostTensor useCache = HostTensor.zeros(DType.BOOL, 1);
      useCache.set(0, past.isEmpty() ? 0L : 1L);
      all.put(PartNames.USE_CACHE, useCache);
      Map<String, HostTensor> outputs = new LinkedHashMap<>();
      Map<String, HostTensor> present = new LinkedHashMap<>();
      model
          .run(all)
          .forEach(
              (name, value) -> {
                if (name.startsWith(CachedDecoding.PRESENT)) {
                  String entry = name.substring(CachedDecoding.PRESENT.length());
                  present.put(CachedDecoding.PAST + entry, value);
                } else {
                  outputs.put(name, value);
                }
              });
      past = present;
      return outputs;
    }

    private Map<String, HostTensor> nothing(Map<String, HostTensor> inputs) {
      Map<String, Long> sizes = new HashMap<>();
      Map<String, TensorType> types = model.signature().inputs();
      types.forEach((name, type) -> type.dims().forEach(d -> zero(d.symbols(), sizes)));
      long rows = inputs.values().iterator().next().dim(0);
      Map<String, HostTensor> empty = new LinkedHashMap<>();
      types.forEach(
          (name, type) -> {
            if (name.startsWith(CachedDecoding.PAST)) {
              long[] shape = type.bind(sizes).shape();
              shape[0] = rows;
              empty.put(name, HostTensor.zeros(type.dtype(), shape));
            }
          });
      return empty;
    }

    private void zero(Set<String> symbols, Map<String, Long> sizes) {
      symbols.forEach(symbol -> sizes.put(symbol, 0L));
    }

    @Override
    public void select(long... rows) {
      throw new UsageException("files are decoded for checking, with the batch they begin with");
    }

    @Override
    public void truncate(long length) {
      CacheLength.check(length, length());
      past.replaceAll(
          (name, entry) ->
              name.contains(".encoder.") ? entry : HostSlices.slice(entry, 2, 0, length));
    }

    @Override
    public long length() {
      return past.entrySet().stream()
          .filter(entry -> !entry.getKey().contains(".encoder."))
          .mapToLong(entry -> entry.getValue().dim(2))
          .findFirst()
          .orElse(0);
    }

    @Override
    public void close() {
      past = Map.of();
    }
  }

  @Override
  public String description() {
    return "onnx: " + file;
  }

  @Override
  public void close() {
    model.close();
  }
}
