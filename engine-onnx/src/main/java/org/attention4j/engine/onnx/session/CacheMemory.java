package org.attention4j.engine.onnx.session;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * Memory of decodings that have ended, for the next one of the session: the system takes longer to
 * provide fresh pages for the keys and values of a prompt than the processor to copy them. Keeps
 * one piece for each name. Thread-safe.
 */
final class CacheMemory {
  private final Map<String, ByteBuffer> spare = new HashMap<>();
  private boolean closed;

  /** A tensor whose values are whatever was there before, the caller's until it is given back. */
  HostTensor lend(String name, DType dtype, long... shape) {
    long bytes = TensorType.ofShape(dtype, shape).count().longSize() * dtype.bytes();
    ByteBuffer free = take(name);
    return free == null || free.capacity() < bytes
        ? HostTensor.zeros(dtype, shape)
        : HostTensor.wrap(dtype, free.slice(0, (int) bytes), shape);
  }

  private synchronized @Nullable ByteBuffer take(String name) {
    return spare.remove(name);
  }

  /** Keeps the memory of a tensor that nobody uses any more. */
  synchronized void giveBack(String name, HostTensor tensor) {
    if (!closed) {
      spare.put(name, tensor.buffer());
    }
  }

  /** Keeps nothing any more. */
  synchronized void close() {
    closed = true;
    spare.clear();
  }
}
