package org.attention4j.onnxformat;

import java.nio.file.Path;
import java.util.Arrays;
import org.attention4j.error.FileFormatException;
import org.attention4j.onnxformat.proto.TensorProto.DataType;
import org.attention4j.tensor.DType;

/** The ONNX element types that correspond to a {@link DType}. */
public final class ElementTypes {
  private ElementTypes() {}

  /** The ONNX element type of a dtype; every dtype has one. */
  public static DataType of(DType dtype) {
    return switch (dtype) {
      case F64 -> DataType.DOUBLE;
      case F32 -> DataType.FLOAT;
      case F16 -> DataType.FLOAT16;
      case BF16 -> DataType.BFLOAT16;
      case I64 -> DataType.INT64;
      case I32 -> DataType.INT32;
      case U8 -> DataType.UINT8;
      case I8 -> DataType.INT8;
      case BOOL -> DataType.BOOL;
    };
  }

  /** The number that files carry for a dtype, for attributes such as {@code Cast.to}. */
  public static int code(DType dtype) {
    return of(dtype).getNumber();
  }

  /** Whether an ONNX element type has a dtype. */
  public static boolean known(int code) {
    DataType type = DataType.forNumber(code);
    return type != null && Arrays.stream(DType.values()).anyMatch(dtype -> of(dtype) == type);
  }

  /**
   * The dtype of an ONNX element type.
   *
   * @param code the number found in a file
   * @param file the file, for the message
   * @param what the value it belongs to, for the message
   * @throws FileFormatException if the code is unknown or has no dtype
   */
  public static DType dtype(int code, Path file, String what) {
    DataType type = DataType.forNumber(code);
    if (type == null) {
      throw new FileFormatException(file, what + ": unknown ONNX element type " + code);
    }
    return switch (type) {
      case DOUBLE -> DType.F64;
      case FLOAT -> DType.F32;
      case FLOAT16 -> DType.F16;
      case BFLOAT16 -> DType.BF16;
      case INT64 -> DType.I64;
      case INT32 -> DType.I32;
      case UINT8 -> DType.U8;
      case INT8 -> DType.I8;
      case BOOL -> DType.BOOL;
      default ->
          throw new FileFormatException(
              file,
              what
                  + ": ONNX element type "
                  + type
                  + " is not supported; supported are "
                  + "DOUBLE, FLOAT, FLOAT16, BFLOAT16, INT64, INT32, UINT8, INT8 and BOOL");
    };
  }
}
