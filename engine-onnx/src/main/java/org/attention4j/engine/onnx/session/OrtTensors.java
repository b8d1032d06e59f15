package org.attention4j.engine.onnx.session;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import java.nio.ByteBuffer;
import org.attention4j.error.EngineException;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;

/** ONNX Runtime tensors over the memory of host tensors. */
final class OrtTensors {
  private OrtTensors() {}

  /**
   * A tensor over the same memory: nothing is copied, in either direction. The caller closes it; it
   * keeps the memory alive until then.
   */
  static OnnxTensor over(HostTensor tensor) {
    try {
      return OnnxTensor.createTensor(
          OrtRuntime.environment(), tensor.buffer(), tensor.shape(), type(tensor.dtype()));
    } catch (OrtException e) {
      throw new EngineException("ONNX Runtime refused a tensor " + tensor + ": " + e, e);
    }
  }

  /** A copy of a tensor that ONNX Runtime owns. */
  static HostTensor copy(OnnxTensor tensor, DType dtype) {
    HostTensor result = HostTensor.zeros(dtype, tensor.getInfo().getShape());
    result.buffer().put(tensor.getByteBuffer());
    return result;
  }

  /** Rows of axis 0 as a new tensor, which the caller closes. */
  static OnnxTensor rows(OnnxTensor tensor, long[] rows) {
    long[] shape = tensor.getInfo().getShape();
    final ByteBuffer from = tensor.getByteBuffer();
    int width = shape[0] == 0 ? 0 : (int) (from.remaining() / shape[0]);
    shape[0] = rows.length;
    HostTensor result = HostTensor.zeros(dtype(tensor.getInfo().type), shape);
    ByteBuffer to = result.buffer();
    for (int i = 0; i < rows.length; i++) {
      to.put(i * width, from, (int) rows[i] * width, width);
    }
    return over(result);
  }

  /** The first indices of an axis as a new tensor, which the caller closes. */
  static OnnxTensor beginning(OnnxTensor tensor, int axis, long length) {
    HostTensor whole = copy(tensor, dtype(tensor.getInfo().type));
    return over(HostSlices.slice(whole, axis, 0, length));
  }

  private static DType dtype(OnnxJavaType type) {
    for (DType dtype : DType.values()) {
      if (type(dtype) == type) {
        return dtype;
      }
    }
    throw new EngineException("ONNX Runtime gave a tensor of " + type + ", which has no name here");
  }

  private static OnnxJavaType type(DType dtype) {
    return switch (dtype) {
      case F64 -> OnnxJavaType.DOUBLE;
      case F32 -> OnnxJavaType.FLOAT;
      case F16 -> OnnxJavaType.FLOAT16;
      case BF16 -> OnnxJavaType.BFLOAT16;
      case I64 -> OnnxJavaType.INT64;
      case I32 -> OnnxJavaType.INT32;
      case U8 -> OnnxJavaType.UINT8;
      case I8 -> OnnxJavaType.INT8;
      case BOOL -> OnnxJavaType.BOOL;
    };
  }
}
