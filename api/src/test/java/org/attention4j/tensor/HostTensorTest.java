package org.attention4j.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.attention4j.error.MemoryException;
import org.attention4j.error.ShapeException;
import org.attention4j.error.UsageException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("A host tensor")
class HostTensorTest {
  @ParameterizedTest
  @EnumSource
  @DisplayName("keeps what is set, in each dtype, and reads it as double, long and boolean")
  void setAndGet(DType dtype) {
    HostTensor t = HostTensor.zeros(dtype, 2, 3);
    assertEquals(0, t.getDouble(5));
    t.set(5, 1.0);
    t.set(4, 1L);
    assertArrayEquals(new double[] {0, 0, 0, 0, 1, 1}, t.toDoubleArray());
    assertArrayEquals(new float[] {0, 0, 0, 0, 1, 1}, t.toFloatArray());
    assertArrayEquals(new long[] {0, 0, 0, 0, 1, 1}, t.toLongArray());
    assertArrayEquals(new boolean[] {false, false, false, false, true, true}, t.toBooleanArray());
    assertEquals(6 * dtype.bytes(), t.buffer().remaining());
    assertThrows(IndexOutOfBoundsException.class, () -> t.getDouble(6));
    assertThrows(IndexOutOfBoundsException.class, () -> t.set(-1, 0L));
  }

  @Test
  @DisplayName("holds copies of the values and of the extents that it is made from")
  void copies() {
    float[] values = {1, 2};
    long[] shape = {2};
    HostTensor t = HostTensor.of(values, shape);
    values[0] = 9;
    shape[0] = 9;
    t.shape()[0] = 9;
    assertArrayEquals(new float[] {1, 2}, t.toFloatArray());
    assertArrayEquals(new long[] {2}, t.shape());
  }

  @Test
  @DisplayName("has one memory, direct once it is asked for, that its reshaped forms share")
  void oneMemory() {
    for (int size : new int[] {6, 1 << 18}) { // in the heap at first, and direct from the start
      HostTensor t = HostTensor.zeros(DType.F32, size);
      HostTensor table = t.reshape(2, size / 2);
      t.set(0, 1.0);
      ByteBuffer first = table.buffer();
      assertTrue(first.isDirect());
      t.set(1, 2.0);
      first.putFloat(8, 3);
      t.buffer().putFloat(12, 4);
      assertArrayEquals(new float[] {1, 2, 3, 4}, Arrays.copyOf(table.toFloatArray(), 4));
      assertTrue(t.equalsExactly(table.reshape(size)));
    }
  }

  @Test
  @DisplayName("is copied from and to buffers, whatever their position")
  void copiedBuffers() {
    ByteBuffer bytes = ByteBuffer.allocate(16).order(ByteOrder.nativeOrder());
    bytes.putInt(0).putInt(7).putInt(8).putInt(0).position(4).limit(12);
    HostTensor t = HostTensor.copyOf(DType.I32, bytes, 2);
    assertArrayEquals(new long[] {7, 8}, t.toLongArray());
    assertEquals(4, bytes.position());
    ByteBuffer target = ByteBuffer.allocateDirect(8).order(ByteOrder.nativeOrder());
    t.copyTo(target.position(8));
    assertEquals(7, target.getInt(0));
    assertThrows(ShapeException.class, () -> HostTensor.copyOf(DType.I32, bytes, 3));
    assertThrows(IndexOutOfBoundsException.class, () -> t.copyTo(ByteBuffer.allocate(7)));
  }

  @Test
  @DisplayName("is a scalar without extents, and empty with an extent of 0")
  void scalarsAndEmptiness() {
    assertEquals(0, HostTensor.scalar(2.5f).rank());
    assertEquals(2.5, HostTensor.scalar(2.5f).getDouble(0));
    assertEquals(DType.F64, HostTensor.scalar(2.5).dtype());
    assertEquals(DType.I32, HostTensor.scalar(7).dtype());
    assertEquals(DType.I64, HostTensor.scalar(7L).dtype());
    assertTrue(HostTensor.scalar(true).getBoolean(0));
    assertEquals(0, HostTensor.zeros(DType.F32, 0, Long.MAX_VALUE, 2).size());
  }

  @Test
  @DisplayName("refuses shapes that do not fit, naming both sides")
  void misfits() {
    assertMessage(
        "shape [2, 2] holds 4 values; got 3",
        assertThrows(ShapeException.class, () -> HostTensor.of(new float[3], 2, 2)));
    assertMessage(
        "negative extent in shape [2, -1]",
        assertThrows(ShapeException.class, () -> HostTensor.zeros(DType.F32, 2, -1)));
    assertMessage(
        "cannot reshape [2, 3] to [4, 2]: 6 elements do not fit 8",
        assertThrows(ShapeException.class, () -> HostTensor.zeros(DType.F32, 2, 3).reshape(4, 2)));
    assertMessage(
        "f64[2] has 16 bytes; the buffer holds 15",
        assertThrows(
            ShapeException.class,
            () -> HostTensor.wrap(DType.F64, ByteBuffer.allocateDirect(15), 2)));
    assertThrows(ShapeException.class, () -> HostTensor.zeros(DType.F32, new long[65]));
  }

  @Test
  @DisplayName("refuses 2 GiB and more, and products that overflow, before it allocates")
  void tooLarge() {
    for (long[] shape :
        new long[][] {{1L << 29}, {1L << 31, 1L << 31, 4}, {Long.MAX_VALUE}, {3, 1L << 62}}) {
      MemoryException e =
          assertThrows(MemoryException.class, () -> HostTensor.zeros(DType.F32, shape));
      assertMessage("one tensor must be smaller than 2 GiB", e);
    }
  }

  @Test
  @DisplayName(
      "wraps a direct buffer from position to limit, whatever its byte order, without a copy")
  void wraps() {
    ByteBuffer buffer = ByteBuffer.allocateDirect(20).order(ByteOrder.BIG_ENDIAN);
    HostTensor t = HostTensor.wrap(DType.F32, buffer.position(4).limit(12), 2);
    t.set(1, 1.5);
    assertEquals(1.5f, buffer.order(ByteOrder.nativeOrder()).getFloat(8));
    assertEquals(4, buffer.position(), "the caller's buffer is not moved");
    assertThrows(UsageException.class, () -> HostTensor.wrap(DType.F32, ByteBuffer.allocate(8), 2));
  }

  @Test
  @DisplayName("over a read-only buffer refuses writes, and its copy takes them")
  void readOnly() {
    ByteBuffer buffer = ByteBuffer.allocateDirect(8).asReadOnlyBuffer();
    HostTensor t = HostTensor.wrap(DType.F32, buffer, 2);
    assertTrue(t.isReadOnly());
    assertTrue(t.buffer().isReadOnly());
    assertThrows(UsageException.class, () -> t.set(0, 1.0));
    HostTensor copy = t.copy();
    copy.set(0, 1.0);
    assertEquals(0, t.getDouble(0));
  }

  @Test
  @DisplayName("lends views in native order that share its memory but not their positions")
  void buffers() {
    HostTensor t = HostTensor.of(new int[] {1, 2}, 2);
    ByteBuffer first = t.buffer();
    assertEquals(ByteOrder.nativeOrder(), first.order());
    assertEquals(1, first.getInt());
    assertEquals(1, t.buffer().getInt());
    t.reshape(2, 1).set(0, 7L);
    assertEquals(7, t.getLong(0), "a reshape shares the memory");
  }

  @Test
  @DisplayName("casts floats to integers towards zero, saturating, NaN to 0")
  void floatsToIntegers() {
    double[] values = {1.9, -1.9, 300, -300, 1e30, -1e30, Double.NaN};
    HostTensor t = HostTensor.of(values, values.length);
    assertArrayEquals(new long[] {1, 0, 255, 0, 255, 0, 0}, t.cast(DType.U8).toLongArray());
    assertArrayEquals(new long[] {1, -1, 127, -128, 127, -128, 0}, t.cast(DType.I8).toLongArray());
    assertArrayEquals(
        new long[] {1, -1, 300, -300, Integer.MAX_VALUE, Integer.MIN_VALUE, 0},
        t.cast(DType.I32).toLongArray());
    assertArrayEquals(
        new long[] {1, -1, 300, -300, Long.MAX_VALUE, Long.MIN_VALUE, 0},
        t.cast(DType.I64).toLongArray());
    assertArrayEquals(
        new boolean[] {true, true, true, true, true, true, true},
        t.cast(DType.BOOL).toBooleanArray());
  }

  @Test
  @DisplayName("widens many 16-bit floats to what each of them is")
  void widensMany() {
    int many = 3 * 4096 + 7; // no whole number of blocks
    for (DType half : new DType[] {DType.F16, DType.BF16}) {
      HostTensor narrow = HostTensor.zeros(half, many);
      for (int i = 0; i < many; i++) {
        narrow.buffer().putShort(2 * i, (short) (31 * i));
      }
      HostTensor wide = narrow.cast(DType.F32);
      for (int i = 0; i < many; i++) {
        assertEquals(narrow.getDouble(i), wide.getDouble(i), half + " at " + i);
      }
    }
  }

  @Test
  @DisplayName("casts between integers saturating, and to floats with one rounding")
  void integersToOthers() {
    HostTensor t = HostTensor.of(new long[] {-1, 256, Long.MIN_VALUE, (1L << 54) + 3}, 4);
    assertArrayEquals(new long[] {0, 255, 0, 255}, t.cast(DType.U8).toLongArray());
    assertEquals(Integer.MIN_VALUE, t.cast(DType.I32).getLong(2));
    // To the nearest float of (2^24 + 1) * 2^30 + 1: only a single rounding goes up.
    long aboveTie = (1L << 54) + (1L << 30) + 1;
    float up = Math.nextUp((float) (1L << 54));
    assertEquals(up, HostTensor.scalar(aboveTie).cast(DType.F32).toFloatArray()[0]);
    assertEquals(up, HostTensor.scalar(aboveTie).toFloatArray()[0]);
  }

  @Test
  @DisplayName("casts to the halves by rounding, and to itself for its own dtype")
  void halves() {
    HostTensor t = HostTensor.of(new float[] {1 + 0x1p-11f, 65520, 1e-8f, -0f}, 4);
    HostTensor half = t.cast(DType.F16);
    assertArrayEquals(new float[] {1, Float.POSITIVE_INFINITY, 0, -0f}, half.toFloatArray());
    assertArrayEquals(new float[] {1, 65536, 0x1.58p-27f, -0f}, t.cast(DType.BF16).toFloatArray());
    assertSame(half, half.cast(DType.F16));
  }

  @Test
  @DisplayName("equals another exactly only with the same dtype, shape and bits")
  void equality() {
    HostTensor t = HostTensor.of(new float[] {0, Float.NaN}, 2);
    assertTrue(t.equalsExactly(t.copy()));
    assertFalse(t.equalsExactly(HostTensor.of(new float[] {-0f, Float.NaN}, 2)));
    assertFalse(t.equalsExactly(t.reshape(1, 2)));
    assertFalse(HostTensor.zeros(DType.F16, 2).equalsExactly(HostTensor.zeros(DType.BF16, 2)));
    assertNotEquals(t, t.copy(), "equals is identity");
  }

  @Test
  @DisplayName("prints dtype, shape and the first elements")
  void prints() {
    assertEquals("f32[2] {1.0, -2.5}", HostTensor.of(new float[] {1, -2.5f}, 2).toString());
    assertEquals("bool[] {true}", HostTensor.scalar(true).toString());
    assertEquals(
        "u8[3, 3] {0, 0, 0, 0, 0, 0, 0, 0, ...}", HostTensor.zeros(DType.U8, 3, 3).toString());
  }

  private static void assertMessage(String part, RuntimeException e) {
    assertTrue(String.valueOf(e.getMessage()).contains(part), e::getMessage);
  }
}
