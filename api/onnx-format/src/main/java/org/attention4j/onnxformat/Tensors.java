package org.attention4j.onnxformat;

import com.google.protobuf.UnsafeByteOperations;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import org.attention4j.error.FileFormatException;
import org.attention4j.onnxformat.proto.TensorProto;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;

/** Conversion between {@link TensorProto} and {@link HostTensor}. */
public final class Tensors {
  private Tensors() {}

  /**
   * A named tensor whose raw data is a view of the host tensor's buffer: nothing is copied, so the
   * host tensor must not change until the message has been written.
   */
  public static TensorProto proto(String name, HostTensor tensor) {
    TensorProto.Builder proto =
        TensorProto.newBuilder().setName(name).setDataType(ElementTypes.code(tensor.dtype()));
    for (long size : tensor.shape()) {
      proto.addDims(size);
    }
    return proto.setRawData(UnsafeByteOperations.unsafeWrap(tensor.buffer())).build();
  }

  /**
   * The values of a tensor message, from its raw data, its typed fields or a file.
   *
   * @param file where the tensor was read from; external data lies beside it
   * @throws FileFormatException if sizes are negative or do not match the data, the element type is
   *     unknown, or external data is not where the tensor says
   */
  public static HostTensor host(TensorProto tensor, Path file) {
    String what = "tensor '" + tensor.getName() + "'";
    DType dtype = ElementTypes.dtype(tensor.getDataType(), file, what);
    long[] shape = tensor.getDimsList().stream().mapToLong(Long::longValue).toArray();
    long bytes = bytes(file, what, dtype, shape);
    ByteBuffer data;
    ExternalData external = ExternalData.of(tensor, file);
    if (external != null) {
      data = external.map(file, tensor.getName());
    } else if (tensor.hasRawData()) {
      // ByteString memory is on the heap: the host tensor wants it direct
      if (tensor.getRawData().size() != bytes) {
        throw wrongSize(file, what, dtype, tensor.getDimsList(), bytes, tensor.getRawData().size());
      }
      data = direct(bytes);
      tensor.getRawData().copyTo(data);
      data.flip();
    } else {
      data = typed(tensor, dtype, bytes, file, what);
    }
    if (data.remaining() != bytes) {
      throw wrongSize(file, what, dtype, tensor.getDimsList(), bytes, data.remaining());
    }
    return HostTensor.wrap(dtype, data, shape);
  }

  private static long bytes(Path file, String what, DType dtype, long[] shape) {
    long bytes = dtype.bytes();
    boolean empty = false;
    try {
      for (long size : shape) {
        if (size < 0) {
          throw new FileFormatException(file, what + ": negative size " + size);
        }
        empty |= size == 0;
        bytes = Math.multiplyExact(bytes, Math.max(1, size));
      }
    } catch (ArithmeticException e) {
      throw new FileFormatException(file, what + ": sizes overflow", e);
    }
    bytes = empty ? 0 : bytes;
    if (bytes > Integer.MAX_VALUE) {
      throw new FileFormatException(
          file, what + ": " + bytes + " bytes, at most " + Integer.MAX_VALUE + " are supported");
    }
    return bytes;
  }

  /** Copies the typed field that the element type uses; see the comments in onnx.proto. */
  private static ByteBuffer typed(
      TensorProto tensor, DType dtype, long bytes, Path file, String what) {
    int count =
        switch (dtype) {
          case F64 -> tensor.getDoubleDataCount();
          case F32 -> tensor.getFloatDataCount();
          case I64 -> tensor.getInt64DataCount();
          case F16, BF16, I32, U8, I8, BOOL -> tensor.getInt32DataCount();
        };
    // compared before allocating, so that a short message cannot ask for gigabytes
    if ((long) count * dtype.bytes() != bytes) {
      throw wrongSize(file, what, dtype, tensor.getDimsList(), bytes, (long) count * dtype.bytes());
    }
    ByteBuffer data = direct(bytes);
    for (int i = 0; i < count; i++) {
      switch (dtype) {
        case F64 -> data.putDouble(tensor.getDoubleData(i));
        case F32 -> data.putFloat(tensor.getFloatData(i));
        case I64 -> data.putLong(tensor.getInt64Data(i));
        case I32 -> data.putInt(tensor.getInt32Data(i));
        case F16, BF16 -> data.putShort((short) tensor.getInt32Data(i));
        case U8, I8, BOOL -> data.put((byte) tensor.getInt32Data(i));
      }
    }
    return data.flip();
  }

  private static ByteBuffer direct(long bytes) {
    return ByteBuffer.allocateDirect((int) bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static FileFormatException wrongSize(
      Path file, String what, DType dtype, List<Long> shape, long expected, long got) {
    return new FileFormatException(
        file, what + ": " + dtype.label() + shape + " needs " + expected + " bytes, found " + got);
  }
}
