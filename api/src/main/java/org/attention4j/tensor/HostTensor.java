package org.attention4j.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Consumer;
import org.attention4j.error.Count;
import org.attention4j.error.MemoryException;
import org.attention4j.error.ShapeException;
import org.attention4j.error.UsageException;
import org.jspecify.annotations.Nullable;

/**
 * A tensor in the host's memory: what goes into an engine, comes out of it, and lies in a weights
 * file. Elements are stored row-major, without gaps, in native byte order. {@link #buffer} gives
 * them in direct or memory-mapped memory, so that native code can read them in place; small tensors
 * may lie in the heap until then.
 *
 * <p>Conversions between dtypes, wherever one happens here, follow these rules. To a floating type:
 * round to nearest, ties to even, once; too large becomes infinite. From a floating type to an
 * integer: towards zero, saturating at the ends of the range; NaN becomes 0. Between integers:
 * saturating. To bool: anything but zero is true, NaN included. From bool: 0 or 1.
 *
 * <p>One tensor holds less than 2 GiB, the limit of a {@link ByteBuffer}. A tensor may be read by
 * many threads at a time; writing needs the caller's care. Equality is identity, since the contents
 * may change; see {@link #equalsExactly}.
 */
public final class HostTensor {
  /** The largest number of axes. */
  public static final int MAX_RANK = 64;

  private final DType dtype;
  private final long[] shape;
  private final int size;
  private final HostMemory memory; // of size * dtype.bytes() bytes

  private HostTensor(DType dtype, long[] shape, int size, HostMemory memory) {
    this.dtype = dtype;
    this.shape = shape;
    this.size = size;
    this.memory = memory;
  }

  // ---- making one

  /**
   * A tensor of zeros (false for bool).
   *
   * @throws ShapeException if an extent is negative, or there are more than {@link #MAX_RANK}
   * @throws MemoryException if it would not fit one buffer, or the direct memory left
   */
  public static HostTensor zeros(DType dtype, long... shape) {
    long[] extents = shape.clone();
    int size = HostShape.size(dtype, extents);
    try {
      return new HostTensor(dtype, extents, size, HostMemory.zeros(size * dtype.bytes()));
    } catch (OutOfMemoryError e) {
      throw new MemoryException(
          HostShape.describe(dtype, extents)
              + " needs "
              + (long) size * dtype.bytes()
              + " bytes of direct memory, more than is left; see -XX:MaxDirectMemorySize",
          e);
    }
  }

  /**
   * A view of a buffer, from its position to its limit; nothing is copied. A read-only buffer makes
   * a read-only tensor. The tensor keeps the buffer alive.
   *
   * @throws UsageException if the buffer is not direct
   * @throws ShapeException if the bytes are not exactly those of the shape
   */
  public static HostTensor wrap(DType dtype, ByteBuffer buffer, long... shape) {
    return wrap(dtype, buffer, null, shape);
  }

  /**
   * A view of a mapped file; see {@link #wrap(DType, ByteBuffer, long...)}.
   *
   * @param file where these bytes lie in a file; null if nobody shall read them there
   */
  public static HostTensor wrap(
      DType dtype, ByteBuffer buffer, @Nullable FileRegion file, long... shape) {
    long[] extents = shape.clone();
    int size = HostShape.size(dtype, extents);
    if (!buffer.isDirect()) {
      throw new UsageException("a tensor needs a direct buffer; got one on the heap");
    }
    HostShape.check(dtype, extents, size, buffer.remaining());
    return new HostTensor(dtype, extents, size, HostMemory.over(buffer, file));
  }

  /**
   * A tensor with a copy of the bytes between a buffer's position and limit, in native byte order;
   * the buffer is left as it is.
   *
   * @throws ShapeException if the bytes are not exactly those of the shape
   */
  public static HostTensor copyOf(DType dtype, ByteBuffer bytes, long... shape) {
    long[] extents = shape.clone();
    int size = HostShape.size(dtype, extents);
    HostShape.check(dtype, extents, size, bytes.remaining());
    HostTensor t = new HostTensor(dtype, extents, size, HostMemory.forCopy(size * dtype.bytes()));
    t.memory.bytes().put(0, bytes, bytes.position(), bytes.remaining());
    return t;
  }

  /**
   * An f32 tensor with a copy of these values; without extents, a scalar.
   *
   * @throws ShapeException if the shape does not hold exactly these values
   */
  public static HostTensor of(float[] values, long... shape) {
    HostTensor t = forValues(DType.F32, values.length, shape);
    t.memory.bytes().asFloatBuffer().put(values);
    return t;
  }

  /** An f64 tensor; see {@link #of(float[], long...)}. */
  public static HostTensor of(double[] values, long... shape) {
    HostTensor t = forValues(DType.F64, values.length, shape);
    t.memory.bytes().asDoubleBuffer().put(values);
    return t;
  }

  /** An i64 tensor; see {@link #of(float[], long...)}. */
  public static HostTensor of(long[] values, long... shape) {
    HostTensor t = forValues(DType.I64, values.length, shape);
    t.memory.bytes().asLongBuffer().put(values);
    return t;
  }

  /** An i32 tensor; see {@link #of(float[], long...)}. */
  public static HostTensor of(int[] values, long... shape) {
    HostTensor t = forValues(DType.I32, values.length, shape);
    t.memory.bytes().asIntBuffer().put(values);
    return t;
  }

  /** A bool tensor; see {@link #of(float[], long...)}. */
  public static HostTensor of(boolean[] values, long... shape) {
    HostTensor t = forValues(DType.BOOL, values.length, shape);
    for (int i = 0; i < values.length; i++) {
      t.memory.bytes().put(i, (byte) (values[i] ? 1 : 0));
    }
    return t;
  }

  /** An f32 tensor of shape {@code []}. */
  public static HostTensor scalar(float value) {
    return of(new float[] {value});
  }

  /** An f64 tensor of shape {@code []}. */
  public static HostTensor scalar(double value) {
    return of(new double[] {value});
  }

  /** An i64 tensor of shape {@code []}. */
  public static HostTensor scalar(long value) {
    return of(new long[] {value});
  }

  /** An i32 tensor of shape {@code []}. */
  public static HostTensor scalar(int value) {
    return of(new int[] {value});
  }

  /** A bool tensor of shape {@code []}. */
  public static HostTensor scalar(boolean value) {
    return of(new boolean[] {value});
  }

  private static HostTensor forValues(DType dtype, int count, long[] shape) {
    int size = HostShape.size(dtype, shape);
    if (count != size) {
      throw new ShapeException(
          "shape "
              + Arrays.toString(shape)
              + " holds "
              + Count.of(size, "value")
              + "; got "
              + count);
    }
    return zeros(dtype, shape);
  }

  // ---- what it is

  /** The type of the elements. */
  public DType dtype() {
    return dtype;
  }

  /** The extents, as a copy; empty for a scalar. */
  public long[] shape() {
    return shape.clone();
  }

  /** The number of axes. */
  public int rank() {
    return shape.length;
  }

  /** The extent along an axis, counted from 0. */
  public long dim(int axis) {
    return shape[Objects.checkIndex(axis, shape.length)];
  }

  /** The number of elements: 1 for a scalar, 0 if any extent is 0. Always fits an int. */
  public long size() {
    return size;
  }

  /** Whether writing is refused, as for tensors in a mapped file. */
  public boolean isReadOnly() {
    return memory.bytes().isReadOnly();
  }

  /**
   * Where the elements lie in the file that they are mapped from; null if that is not known. The
   * file may be another by now: see {@link FileVersion#isCurrent}.
   */
  public @Nullable FileRegion file() {
    return memory.file();
  }

  /**
   * The elements: a new view from position 0 to the last byte, in native order, sharing the memory.
   * It is read-only if the tensor is.
   */
  public ByteBuffer buffer() {
    return memory.direct().duplicate().order(ByteOrder.nativeOrder());
  }

  /**
   * Copies the elements into a buffer from its start, whatever its position.
   *
   * @throws IndexOutOfBoundsException if they do not fit
   */
  public void copyTo(ByteBuffer target) {
    target.put(0, memory.bytes(), 0, size * dtype.bytes());
  }

  /**
   * Gives all bytes in order, in one part or more, each a multiple of 8 bytes but the last. Those
   * of a mapped tensor come from its file, so that no page of the mapping is touched, which would
   * count as this process's memory from then on.
   *
   * @param part takes a buffer from its position to its limit, in native order; not to be kept or
   *     written to
   */
  public void read(Consumer<ByteBuffer> part) {
    memory.read(part);
  }

  /**
   * Gives all elements in another dtype, by the rules above, in parts as {@link #read} does: no
   * copy of the whole is made.
   */
  public void readAs(DType target, Consumer<ByteBuffer> part) {
    memory.read(target == dtype ? part : new Conversion(dtype, target, part));
  }

  // ---- one element; the index is row-major, 0 <= index < size

  /** The element as a double. */
  public double getDouble(long index) {
    return Elements.real(dtype, memory.bytes(), check(index));
  }

  /** The element as a long. */
  public long getLong(long index) {
    return dtype.isFloating() ? (long) getDouble(index) : integerAt(check(index));
  }

  /** Whether the element is anything but zero. */
  public boolean getBoolean(long index) {
    return dtype.isFloating() ? getDouble(index) != 0 : integerAt(check(index)) != 0;
  }

  private long integerAt(int i) {
    return Elements.integer(dtype, memory.bytes(), i);
  }

  /**
   * Writes an element.
   *
   * @throws UsageException if the tensor is read-only
   */
  public void set(long index, double value) {
    Elements.put(dtype, memory.bytes(), checkWritable(index), value);
  }

  /**
   * Writes an element.
   *
   * @throws UsageException if the tensor is read-only
   */
  public void set(long index, long value) {
    Elements.put(dtype, memory.bytes(), checkWritable(index), value);
  }

  private int check(long index) {
    return (int) Objects.checkIndex(index, size);
  }

  private int checkWritable(long index) {
    if (isReadOnly()) {
      throw new UsageException("this tensor is read-only; write to a copy() instead");
    }
    return check(index);
  }

  // ---- all elements

  /** All elements as floats, in a new array. */
  public float[] toFloatArray() {
    return Elements.floats(dtype, memory.bytes(), size);
  }

  /** All elements as doubles, in a new array. */
  public double[] toDoubleArray() {
    return Elements.doubles(dtype, memory.bytes(), size);
  }

  /** All elements as longs, in a new array. */
  public long[] toLongArray() {
    return Elements.longs(dtype, memory.bytes(), size);
  }

  /** All elements as truth values, in a new array. */
  public boolean[] toBooleanArray() {
    boolean[] out = new boolean[size];
    for (int i = 0; i < size; i++) {
      out[i] = getBoolean(i);
    }
    return out;
  }

  /** This tensor in another dtype, by the rules above; itself if it has that dtype already. */
  public HostTensor cast(DType target) {
    if (target == dtype) {
      return this;
    }
    HostTensor out = zeros(target, shape);
    ByteBuffer bytes = out.memory.bytes().duplicate();
    readAs(target, bytes::put);
    return out;
  }

  /** A writable copy in memory of its own. */
  public HostTensor copy() {
    HostTensor out = zeros(dtype, shape);
    ByteBuffer bytes = out.memory.bytes().duplicate();
    read(bytes::put);
    return out;
  }

  /**
   * The same elements, and the same memory, under another shape.
   *
   * @throws ShapeException if the number of elements differs
   */
  public HostTensor reshape(long... newShape) {
    long[] extents = newShape.clone();
    if (HostShape.size(dtype, extents) != size) {
      throw new ShapeException(
          "cannot reshape "
              + Arrays.toString(shape)
              + " to "
              + Arrays.toString(extents)
              + ": "
              + size
              + " elements do not fit "
              + HostShape.size(dtype, extents));
    }
    return new HostTensor(dtype, extents, size, memory);
  }

  /** Whether dtype, shape and every bit of the elements are equal. NaN equals the same NaN. */
  public boolean equalsExactly(HostTensor other) {
    return dtype == other.dtype
        && Arrays.equals(shape, other.shape)
        && memory.bytes().equals(other.memory.bytes());
  }

  /** Dtype, shape and the first elements: {@code f32[2, 3] {1.0, 2.0, 3.0, 4.0, ...}}. */
  @Override
  public String toString() {
    int shown = Math.min(size, 8);
    StringBuilder text = new StringBuilder(HostShape.describe(dtype, shape)).append(" {");
    for (int i = 0; i < shown; i++) {
      text.append(i == 0 ? "" : ", ").append(Elements.text(dtype, memory.bytes(), i));
    }
    return text.append(shown < size ? ", ...}" : "}").toString();
  }
}
