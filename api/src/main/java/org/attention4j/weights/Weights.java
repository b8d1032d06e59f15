package org.attention4j.weights;

import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import org.attention4j.error.Count;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.MemoryException;
import org.attention4j.error.StorageException;
import org.attention4j.error.UsageException;
import org.attention4j.error.WeightsException;
import org.attention4j.tensor.HostTensor;

/**
 * The parameters of a model: tensors by path, such as {@code h.0.attn.c_attn.weight}, in an order
 * of their own, and a few strings about them. Any engine opens them; on disk they are safetensors.
 *
 * <p>The map never changes: {@link #with}, {@link #map} and the like return new ones that share the
 * tensors. The tensors themselves may be writable; an engine copies what it trains. Reading is safe
 * from many threads.
 */
public final class Weights {
  private static final Weights EMPTY = new Weights(Map.of(), Map.of());

  private final Map<String, HostTensor> tensors;
  private final Map<String, String> metadata;

  private Weights(Map<String, HostTensor> tensors, Map<String, String> metadata) {
    this.tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
    this.metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
    this.tensors.keySet().forEach(WeightNames::check);
    this.metadata.forEach(
        (key, value) -> {
          WeightNames.checkText(key);
          WeightNames.checkText(value);
        });
  }

  // ---- making them

  /** No tensors, no metadata. */
  public static Weights empty() {
    return EMPTY;
  }

  /**
   * These tensors, in the map's order, without metadata.
   *
   * @throws UsageException if a name is empty, holds control characters, or is reserved
   */
  public static Weights of(Map<String, HostTensor> tensors) {
    return new Weights(tensors, Map.of());
  }

  /** These tensors and metadata; see {@link #of(Map)}. */
  public static Weights of(Map<String, HostTensor> tensors, Map<String, String> metadata) {
    return new Weights(tensors, metadata);
  }

  /**
   * Opens a safetensors file, an index of several ({@code *.index.json}), or a directory with a
   * {@code model.safetensors} or {@code model.safetensors.index.json}.
   *
   * <p>Files are memory-mapped: this reads the headers only, and the tensors, which are read-only,
   * come into memory when they are touched. There is nothing to close; a mapping ends some time
   * after its last tensor has become unreachable. Until then a file may be moved, deleted, or
   * replaced as {@link #save} does, but must not be cut short or written over in place: reading
   * what is no longer there raises an {@link InternalError} at best. {@link #copied} severs the
   * tie.
   *
   * @throws StorageException if a file is missing or cannot be read
   * @throws FileFormatException if a file is truncated, corrupt or hostile
   * @throws MemoryException if a tensor has 2 GiB or more
   */
  public static Weights load(Path path) {
    return ShardIndex.load(path);
  }

  /**
   * Writes one safetensors file, replacing an old one in one step: whatever goes wrong, an
   * exception is thrown and the old file is still there, whole. Equal weights give equal bytes.
   *
   * @throws StorageException if it cannot be written, as on a full disk
   */
  public void save(Path file) {
    save(file, out -> out);
  }

  /** For tests: {@code wrapper} stands between the tensors and the disk. */
  void save(Path file, UnaryOperator<WritableByteChannel> wrapper) {
    AtomicFile.write(file, out -> Safetensors.write(this, wrapper.apply(out)));
  }

  // ---- looking into them

  /**
   * The tensor at a path.
   *
   * @throws WeightsException if there is none; the message names those that resemble it
   */
  public HostTensor get(String path) {
    HostTensor tensor = tensors.get(path);
    if (tensor == null) {
      List<String> close = WeightNames.resembling(path, tensors.keySet());
      throw new WeightsException(
          "no tensor named '"
              + path
              + "' among "
              + tensors.size()
              + (close.isEmpty() ? "" : "; did you mean " + String.join(" or ", close) + "?"));
    }
    return tensor;
  }

  /** Whether there is a tensor at a path. */
  public boolean has(String path) {
    return tensors.containsKey(path);
  }

  /** The paths, in order. */
  public Set<String> names() {
    return tensors.keySet();
  }

  /** The tensors by path, in order; unmodifiable. */
  public Map<String, HostTensor> tensors() {
    return tensors;
  }

  /** The strings stored beside the tensors; unmodifiable. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /** The number of elements of all tensors together. A tied parameter, stored once, counts once. */
  public long parameterCount() {
    return tensors.values().stream().mapToLong(HostTensor::size).sum();
  }

  /** The bytes of all tensors together. */
  public long bytes() {
    return tensors.values().stream().mapToLong(t -> t.size() * t.dtype().bytes()).sum();
  }

  // ---- deriving others

  /** With this tensor at this path, in the place of the old one or at the end. */
  public Weights with(String path, HostTensor tensor) {
    Map<String, HostTensor> changed = new LinkedHashMap<>(tensors);
    changed.put(path, tensor);
    return new Weights(changed, metadata);
  }

  /**
   * Without the tensor at this path.
   *
   * @throws WeightsException if there is none
   */
  public Weights without(String path) {
    get(path);
    Map<String, HostTensor> changed = new LinkedHashMap<>(tensors);
    changed.remove(path);
    return new Weights(changed, metadata);
  }

  /** With every tensor replaced by what the function returns for it. */
  public Weights map(BiFunction<String, HostTensor, HostTensor> function) {
    Map<String, HostTensor> changed = new LinkedHashMap<>(tensors);
    changed.replaceAll(function);
    return new Weights(changed, metadata);
  }

  /**
   * With every path replaced by what the function returns for it.
   *
   * @throws WeightsException if two would get the same
   */
  public Weights rename(UnaryOperator<String> function) {
    Map<String, HostTensor> changed = new LinkedHashMap<>();
    tensors.forEach((path, tensor) -> putNew(changed, function.apply(path), tensor));
    return new Weights(changed, metadata);
  }

  /**
   * With the tensors and metadata of {@code other} after these.
   *
   * @throws WeightsException if a path is in both. Of metadata under the same key these stay
   */
  public Weights merge(Weights other) {
    Map<String, HostTensor> merged = new LinkedHashMap<>(tensors);
    other.tensors.forEach((path, tensor) -> putNew(merged, path, tensor));
    Map<String, String> strings = new LinkedHashMap<>(metadata);
    other.metadata.forEach(strings::putIfAbsent);
    return new Weights(merged, strings);
  }

  private static void putNew(Map<String, HostTensor> map, String path, HostTensor tensor) {
    if (map.putIfAbsent(path, tensor) != null) {
      throw new WeightsException("two tensors would have the name '" + path + "'");
    }
  }

  /** With other metadata. */
  public Weights withMetadata(Map<String, String> strings) {
    return new Weights(tensors, strings);
  }

  /** With writable copies of all tensors in memory, independent of any file. */
  public Weights copied() {
    return map((path, tensor) -> tensor.copy());
  }

  /** A summary: {@code Weights[148 tensors, 124439808 parameters, 497759232 bytes]}. */
  @Override
  public String toString() {
    return "Weights["
        + Count.of(tensors.size(), "tensor")
        + ", "
        + Count.of(parameterCount(), "parameter")
        + ", "
        + Count.of(bytes(), "byte")
        + "]";
  }
}
