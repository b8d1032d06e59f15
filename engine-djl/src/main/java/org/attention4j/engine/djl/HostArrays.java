package org.attention4j.engine.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;

/** Moves tensors between the host and PyTorch. */
final class HostArrays {
  private HostArrays() {}

  /** DJL's name of an element type. */
  static DataType dataType(DType dtype) {
    return switch (dtype) {
      case F64 -> DataType.FLOAT64;
      case F32 -> DataType.FLOAT32;
      case F16 -> DataType.FLOAT16;
      case BF16 -> throw new IllegalArgumentException("DJL ends the process at arrays of bf16");
      case I64 -> DataType.INT64;
      case I32 -> DataType.INT32;
      case U8 -> DataType.UINT8;
      case I8 -> DataType.INT8;
      case BOOL -> DataType.BOOLEAN;
    };
  }

  /** The element type of an array that a program returned. */
  static DType dtype(NDArray array) {
    return switch (array.getDataType()) {
      case FLOAT64 -> DType.F64;
      case FLOAT32 -> DType.F32;
      case FLOAT16 -> DType.F16;
      case INT64 -> DType.I64;
      case INT32 -> DType.I32;
      case UINT8 -> DType.U8;
      case INT8 -> DType.I8;
      case BOOLEAN -> DType.BOOL;
      default -> throw new IllegalStateException("no element type for " + array.getDataType());
    };
  }

  /**
   * An array that reads the tensor's memory in place on the CPU, and a copy on another device. It
   * keeps the memory alive; arrays that PyTorch derives from it without copying do not, so they
   * must not outlive it.
   */
  static NDArray borrow(NDManager manager, HostTensor tensor) {
    ByteBuffer buffer = tensor.buffer();
    if (tensor.size() > 0 && buffer.alignmentOffset(0, tensor.dtype().bytes()) != 0) {
      return borrow(manager, tensor.copy()); // a tensor in a mapped file may begin anywhere
    }
    return manager.create(buffer, new Shape(tensor.shape()), dataType(tensor.dtype()));
  }

  /** An array with memory of its own. */
  static NDArray copy(NDManager manager, HostTensor tensor) {
    try (NDArray borrowed = borrow(manager, tensor)) {
      return borrowed.duplicate();
    }
  }

  /**
   * An array in another element type, in memory that PyTorch has: the JVM's direct memory has a
   * limit of its own, by default that of the heap. On the CPU only. Thread-safe.
   */
  static NDArray converted(NDManager manager, HostTensor tensor, DType dtype) {
    NDArray array = manager.create(new Shape(tensor.shape()), dataType(dtype));
    ByteBuffer memory = array.toByteBuffer(true); // not a copy: the array is contiguous
    tensor.readAs(dtype, memory::put);
    return array;
  }

  /** A tensor with a copy of the array. */
  static HostTensor fetch(NDArray array) {
    HostTensor tensor = HostTensor.zeros(dtype(array), array.getShape().getShape());
    if (tensor.size() > 0) {
      tensor.buffer().put(array.toByteBuffer(true));
    }
    return tensor;
  }
}
