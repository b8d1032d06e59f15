package org.attention4j.onnxformat;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.attention4j.error.FileFormatException;
import org.attention4j.onnxformat.proto.TensorProto;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TensorsTest {
  private static final Path FILE = Path.of("some.pb");

  @ParameterizedTest
  @EnumSource(DType.class)
  void everyDtypeSurvivesTheRoundTrip(DType dtype) {
    HostTensor tensor = HostTensor.zeros(dtype, 2, 3);
    for (int i = 0; i < 6; i++) {
      tensor.set(i, dtype == DType.BOOL ? i % 2 : (long) i);
    }
    TensorProto proto = Tensors.proto("t", tensor);
    assertTrue(Tensors.host(proto, FILE).equalsExactly(tensor));
  }

  @Test
  void scalarsAndEmptyTensorsSurviveTheRoundTrip() {
    HostTensor scalar = HostTensor.scalar(7L);
    HostTensor empty = HostTensor.zeros(DType.F32, 0, 3);
    assertTrue(Tensors.host(Tensors.proto("s", scalar), FILE).equalsExactly(scalar));
    assertTrue(Tensors.host(Tensors.proto("e", empty), FILE).equalsExactly(empty));
  }

  @Test
  void valuesInTypedFieldsAreRead() {
    TensorProto floats =
        proto(TensorProto.DataType.FLOAT, 2).addFloatData(1.5f).addFloatData(-2).build();
    assertArrayEquals(new float[] {1.5f, -2}, Tensors.host(floats, FILE).toFloatArray());
    TensorProto doubles = proto(TensorProto.DataType.DOUBLE, 1).addDoubleData(0.1).build();
    assertArrayEquals(new double[] {0.1}, Tensors.host(doubles, FILE).toDoubleArray());
    TensorProto longs = proto(TensorProto.DataType.INT64, 1).addInt64Data(1L << 40).build();
    assertArrayEquals(new long[] {1L << 40}, Tensors.host(longs, FILE).toLongArray());
    TensorProto half = proto(TensorProto.DataType.FLOAT16, 1).addInt32Data(0x3C00).build();
    assertArrayEquals(new float[] {1}, Tensors.host(half, FILE).toFloatArray());
    TensorProto unsigned = proto(TensorProto.DataType.UINT8, 1).addInt32Data(200).build();
    assertArrayEquals(new long[] {200}, Tensors.host(unsigned, FILE).toLongArray());
    TensorProto bools = proto(TensorProto.DataType.BOOL, 2).addInt32Data(1).addInt32Data(0).build();
    assertArrayEquals(new boolean[] {true, false}, Tensors.host(bools, FILE).toBooleanArray());
  }

  @Test
  void sizesThatDoNotMatchTheBytesAreRefused() {
    refused(
        proto(TensorProto.DataType.FLOAT, 3).setRawData(ByteString.copyFrom(new byte[8])),
        "needs 12 bytes, found 8");
    refused(proto(TensorProto.DataType.FLOAT, 3).addFloatData(1), "needs 12 bytes, found 4");
    refused(proto(TensorProto.DataType.FLOAT, -1), "negative size");
    refused(proto(TensorProto.DataType.FLOAT, 1L << 40, 1L << 40), "overflow");
    refused(proto(TensorProto.DataType.INT64, 1L << 40), "at most");
  }

  @Test
  void elementTypesWithoutDtypeAreRefused() {
    refused(proto(TensorProto.DataType.STRING, 1), "STRING is not supported");
    refused(TensorProto.newBuilder().setDataType(99), "unknown ONNX element type 99");
  }

  @Test
  void mutatedMessagesAreReadOrRefusedButNeverBelieved() {
    byte[] original =
        Tensors.proto("t", HostTensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3)).toByteArray();
    Random random = new Random(17);
    int refused = 0;
    for (int i = 0; i < 5000; i++) {
      byte[] bytes = Arrays.copyOf(original, original.length - random.nextInt(3));
      bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
      try {
        HostTensor tensor = Tensors.host(TensorProto.parseFrom(bytes), FILE);
        assertTrue(tensor.size() * tensor.dtype().bytes() <= original.length);
      } catch (FileFormatException | InvalidProtocolBufferException e) {
        refused++;
      }
    }
    assertTrue(refused > 2000 && refused < 5000, refused + " refused");
  }

  private static TensorProto.Builder proto(TensorProto.DataType type, long... dims) {
    TensorProto.Builder proto = TensorProto.newBuilder().setName("t").setDataType(type.getNumber());
    for (long dim : dims) {
      proto.addDims(dim);
    }
    return proto;
  }

  private static void refused(TensorProto.Builder tensor, String reason) {
    TensorProto proto = tensor.build();
    FileFormatException e =
        assertThrows(FileFormatException.class, () -> Tensors.host(proto, FILE));
    assertTrue(String.valueOf(e.getMessage()).contains(reason), e.getMessage());
  }
}
