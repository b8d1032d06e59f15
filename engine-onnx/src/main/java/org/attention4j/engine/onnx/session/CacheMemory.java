package org.attention4j.engine.onnx.session;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * Memory of decodings that have ended, for the next one of the session: the system takes longer to
 * provide fresh pages for the keys and values of a prompt than the processor to copy them. The
 * tensors of a decoding lie side by side, so that they fill the huge pages that the kernel asks
 * for: a step reads all of them once. Keeps the memory of one decoding. Thread-safe.
 */
final class CacheMemory {
  /** The size of a huge page where there are any; elsewhere it does no harm. */
  private static final int HUGE_PAGE = 2 << 20;

  private static final int LINE = 64;

  /** Bytes of a region at most, unless one tensor needs more. */
  private static final long MOST = 1 << 30;

  /**
   * Tensors that a decoding has, and the memory that they lie in.
   *
   * @param tensors their values are whatever was there before
   */
  record Loan(Map<String, HostTensor> tensors, List<ByteBuffer> regions) {
    HostTensor tensor(String name) {
      return Objects.requireNonNull(tensors.get(name), name);
    }
  }

  private List<ByteBuffer> spare = List.of();
  private boolean closed;

  /**
   * Memory for tensors of these types, whose sizes are known, the caller's until it is given back.
   */
  Loan lend(Map<String, TensorType> types) {
    List<ByteBuffer> free = takeAll();
    Map<String, HostTensor> tensors = new LinkedHashMap<>();
    List<ByteBuffer> regions = new ArrayList<>();
    Map<String, TensorType> together = new LinkedHashMap<>();
    long bytes = 0;
    for (Map.Entry<String, TensorType> entry : types.entrySet()) {
      long own = bytes(entry.getValue());
      if (bytes > 0 && bytes + own > MOST) {
        regions.add(lay(together, bytes, free, tensors));
        together.clear();
        bytes = 0;
      }
      together.put(entry.getKey(), entry.getValue());
      bytes += own;
    }
    if (!together.isEmpty()) {
      regions.add(lay(together, bytes, free, tensors));
    }
    return new Loan(tensors, regions);
  }

  /** Whole cache lines. */
  private static long bytes(TensorType type) {
    long bytes = type.count().longSize() * type.dtype().bytes();
    return (bytes + LINE - 1) / LINE * LINE;
  }

  /** Puts tensors one behind the other into one region. */
  private static ByteBuffer lay(
      Map<String, TensorType> types,
      long bytes,
      List<ByteBuffer> free,
      Map<String, HostTensor> tensors) {
    ByteBuffer region = region(bytes, free);
    int at = 0;
    for (Map.Entry<String, TensorType> entry : types.entrySet()) {
      TensorType type = entry.getValue();
      int own = Math.toIntExact(type.count().longSize() * type.dtype().bytes());
      HostTensor tensor = HostTensor.wrap(type.dtype(), region.slice(at, own), type.shape());
      tensors.put(entry.getKey(), tensor);
      at += Math.toIntExact(bytes(type));
    }
    return region;
  }

  private static ByteBuffer region(long bytes, List<ByteBuffer> free) {
    for (int i = 0; i < free.size(); i++) {
      if (free.get(i).capacity() >= bytes) {
        return free.remove(i);
      }
    }
    if (bytes < HUGE_PAGE || bytes > MOST) {
      return HostTensor.zeros(DType.I8, bytes).buffer();
    }
    ByteBuffer wide = HostTensor.zeros(DType.I8, bytes + HUGE_PAGE).buffer();
    int beyond = wide.alignmentOffset(0, HUGE_PAGE);
    return wide.slice(beyond == 0 ? 0 : HUGE_PAGE - beyond, (int) bytes);
  }

  private synchronized List<ByteBuffer> takeAll() {
    List<ByteBuffer> free = new ArrayList<>(spare);
    spare = List.of();
    return free;
  }

  /** Keeps the memory of tensors that nobody uses any more, in the place of what was kept. */
  synchronized void giveBack(@Nullable Loan loan) {
    if (!closed && loan != null) {
      spare = List.copyOf(loan.regions());
    }
  }

  /** Keeps nothing any more. */
  synchronized void close() {
    closed = true;
    spare = List.of();
  }
}
