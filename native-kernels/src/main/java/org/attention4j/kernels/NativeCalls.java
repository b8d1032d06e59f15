package org.attention4j.kernels;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The functions of the native library; {@link NativeLibrary} loads it. Each checks its arguments
 * again on the other side and throws an {@link org.attention4j.error.AttentionException}, whatever
 * it is given. Thread-safe.
 */
final class NativeCalls {
  private NativeCalls() {}

  /** What this class was written for; raised with A4J_ABI_VERSION or the call description. */
  static final int ABI_VERSION = 3;

  static native int abiVersion();

  static native String version();

  /** Null if it passes. */
  static native @Nullable String selfTest();

  static native boolean isaAvailable(int isa);

  /** Registers the operators with the libtorch of this process; null, or why that failed. */
  static native @Nullable String registerLibtorch(int isa);

  /** The instruction set of the operators that ONNX Runtime loads; false if it is not there. */
  static native boolean onnxRuntimeIsa(int isa);

  /** A handle that is never given out again. */
  static native long createContext(int isa, int threads);

  static native void destroyContext(long handle);

  static native int contextIsa(long handle);

  static native int contextThreads(long handle);

  /** The arguments are those of {@link CallEncoder}. */
  static native void forward(long handle, long[] numbers, ByteBuffer[] buffers);

  static native void backward(long handle, long[] numbers, ByteBuffer[] buffers);
}
