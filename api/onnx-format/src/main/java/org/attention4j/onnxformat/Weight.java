package org.attention4j.onnxformat;

import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.FileRegion;
import org.attention4j.tensor.HostTensor;
import org.jspecify.annotations.Nullable;

/**
 * A large weight of a model: what it is, and its bytes when somebody asks for them. Weights that
 * are written otherwise than they are stored come into being part by part on the way, so that a
 * model never stands in memory a second time.
 */
public interface Weight {

  /** The type of the elements. */
  DType dtype();

  /** The extents. */
  long[] shape();

  /** Gives all bytes in order, each time the same ones; see {@link HostTensor#read}. */
  void read(Consumer<ByteBuffer> part);

  /** Where these bytes lie in a file as they are; null if they do not, or if that is not known. */
  default @Nullable FileRegion file() {
    return null;
  }

  /** Whether its bytes come into being when they are read; else they lie somewhere as they are. */
  default boolean isConverted() {
    return true;
  }

  /** All of it in memory: the tensor itself if it is one, else a new one. */
  default HostTensor tensor() {
    HostTensor tensor = HostTensor.zeros(dtype(), shape());
    read(tensor.buffer()::put);
    return tensor;
  }

  /** Its size in bytes. */
  default long bytes() {
    long bytes = dtype().bytes();
    for (long extent : shape()) {
      bytes *= extent;
    }
    return bytes;
  }

  /** A tensor as it is. Its memory is shared, not copied. */
  static Weight of(HostTensor tensor) {
    return in(tensor.dtype(), tensor);
  }

  /** A tensor in a dtype. Its memory is shared, and converted whenever it is read. */
  static Weight in(DType dtype, HostTensor tensor) {
    return new Weight() {
      @Override
      public DType dtype() {
        return dtype;
      }

      @Override
      public long[] shape() {
        return tensor.shape();
      }

      @Override
      public void read(Consumer<ByteBuffer> part) {
        tensor.readAs(dtype, part);
      }

      @Override
      public @Nullable FileRegion file() {
        return dtype == tensor.dtype() ? tensor.file() : null;
      }

      @Override
      public boolean isConverted() {
        return dtype != tensor.dtype();
      }

      @Override
      public HostTensor tensor() {
        return tensor.cast(dtype);
      }
    };
  }
}
