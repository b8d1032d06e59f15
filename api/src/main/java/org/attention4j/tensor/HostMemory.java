package org.attention4j.tensor;

import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Where a tensor's elements lie; shared by its reshaped forms. Small ones begin in the heap and
 * move to direct memory when native code first asks for it: getting and freeing direct memory takes
 * microseconds, often more than computing what it holds.
 */
final class HostMemory {
  private static final int SMALL = 1 << 16;

  /** Copies of values that native code has made are mostly read, not handed to native code. */
  private static final int SMALL_COPY = 1 << 20;

  private ByteBuffer bytes; // position 0, limit = capacity, native order

  private final @Nullable FileRegion file; // that the bytes are mapped from

  private HostMemory(ByteBuffer bytes, @Nullable FileRegion file) {
    this.bytes = bytes.order(ByteOrder.nativeOrder());
    this.file = file;
  }

  private HostMemory(ByteBuffer bytes) {
    this(bytes, null);
  }

  /**
   * Zeros.
   *
   * @throws OutOfMemoryError if they do not fit the direct memory left
   */
  static HostMemory zeros(int size) {
    return new HostMemory(
        size <= SMALL ? ByteBuffer.allocate(size) : ByteBuffer.allocateDirect(size));
  }

  /**
   * Zeros for a copy.
   *
   * @throws OutOfMemoryError if they do not fit the memory left
   */
  static HostMemory forCopy(int size) {
    return size <= SMALL_COPY ? new HostMemory(ByteBuffer.allocate(size)) : zeros(size);
  }

  /** A view of direct memory, and the file that it is mapped from. */
  static HostMemory over(ByteBuffer direct, @Nullable FileRegion file) {
    return new HostMemory(direct.slice(), file);
  }

  @Nullable FileRegion file() {
    return file;
  }

  /** Gives all bytes in order: see {@link HostTensor#read}. */
  void read(Consumer<ByteBuffer> part) {
    int given = file == null ? 0 : (int) file.read(part);
    if (given < bytes.limit()) {
      ByteBuffer rest = bytes.duplicate().position(given).slice();
      part.accept(rest.order(ByteOrder.nativeOrder()));
    }
  }

  /** The elements where they are now; not to be kept, for they may move. */
  ByteBuffer bytes() {
    return bytes;
  }

  /** The elements in direct memory, where they stay from now on. */
  synchronized ByteBuffer direct() {
    if (!bytes.isDirect()) {
      ByteBuffer moved = ByteBuffer.allocateDirect(bytes.capacity());
      moved.put(0, bytes, 0, bytes.capacity());
      moved.order(ByteOrder.nativeOrder());
      VarHandle.releaseFence(); // a reader that sees the new buffer sees what is in it
      bytes = moved;
    }
    return bytes;
  }
}
