package org.attention4j.spi;

import java.util.Arrays;
import org.attention4j.error.MemoryException;
import org.attention4j.error.UsageException;
import org.attention4j.tensor.Primitive;
import org.attention4j.tensor.TensorType;

/**
 * Where elements lie in dense row-major Java arrays, for engines that compute on such arrays. A
 * shape lists sizes, a position is the number of an element.
 */
public final class RowMajor {
  private static final long LIMIT = Integer.MAX_VALUE - 8;

  private RowMajor() {}

  /**
   * The sizes of a type.
   *
   * @throws org.attention4j.error.ShapeException if one is symbolic
   */
  public static int[] shape(TensorType type) {
    return Arrays.stream(type.shape()).mapToInt(Math::toIntExact).toArray();
  }

  /**
   * Number of elements.
   *
   * @throws MemoryException if no Java array is that long
   */
  public static int size(int[] shape) {
    long size = 1;
    for (int n : shape) {
      size *= n;
      if (size > LIMIT) {
        throw new MemoryException(
            "an array of shape "
                + Arrays.toString(shape)
                + " is beyond the "
                + LIMIT
                + " elements that a Java array holds");
      }
    }
    return (int) size;
  }

  /** Number of elements of the axes from {@code from} (inclusive) to {@code to} (exclusive). */
  public static int count(int[] shape, int from, int to) {
    int product = 1;
    for (int i = from; i < to; i++) {
      product *= shape[i];
    }
    return product;
  }

  /** How far apart neighbours along each axis are. */
  public static int[] strides(int[] shape) {
    int[] strides = new int[shape.length];
    int stride = 1;
    for (int i = shape.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= shape[i];
    }
    return strides;
  }

  /** For each position of a shape, the one that a first position and strides give. */
  public static int[] positions(int[] shape, int first, int[] strides) {
    int[] result = new int[size(shape)];
    int[] index = new int[shape.length];
    int position = first;
    for (int i = 0; i < result.length; i++) {
      result[i] = position;
      for (int axis = shape.length - 1; axis >= 0; axis--) {
        position += strides[axis];
        if (++index[axis] < shape[axis]) {
          break;
        }
        position -= index[axis] * strides[axis];
        index[axis] = 0;
      }
    }
    return result;
  }

  /** For each position of a shape, that of an array which broadcasts to it, aligned at the back. */
  public static int[] broadcast(int[] shape, int[] to) {
    int[] own = strides(shape);
    int[] strides = new int[to.length]; // 0 on repeated axes
    int lead = to.length - shape.length;
    for (int i = 0; i < shape.length; i++) {
      strides[lead + i] = shape[i] == 1 ? 0 : own[i];
    }
    return positions(to, 0, strides);
  }

  /** For each position of a part, that in a whole where the part begins at a place of one axis. */
  public static int[] part(int[] part, int[] whole, int axis, int from) {
    int[] strides = strides(whole);
    return positions(part, from * strides[axis], strides);
  }

  /** For each matrix of a product, where that of an operand begins; leading axes broadcast. */
  public static int[] matrices(int[] operand, int[] product) {
    int rank = operand.length;
    int[] result =
        broadcast(Arrays.copyOf(operand, rank - 2), Arrays.copyOf(product, product.length - 2));
    int size = operand[rank - 2] * operand[rank - 1];
    return Arrays.stream(result).map(matrix -> matrix * size).toArray();
  }

  /**
   * The positions of all elements of some rows of a table; a row is what one index of the first
   * axis has.
   *
   * @throws UsageException if an index is outside; the message names the op
   */
  public static int[] rows(long[] indices, int[] table, Primitive op) {
    int width = count(table, 1, table.length);
    int[] result = new int[indices.length * width];
    for (int i = 0; i < result.length; i++) {
      result[i] = checked(indices[i / width], table[0], op) * width + i % width;
    }
    return result;
  }

  /**
   * For each index into one axis of a table, the position there; the other axes of the indices are
   * those of the table.
   *
   * @throws UsageException if an index is outside; the message names the op
   */
  public static int[] along(int axis, long[] indices, int[] shape, int[] table, Primitive op) {
    int inner = count(shape, axis + 1, shape.length);
    int[] result = new int[indices.length];
    for (int i = 0; i < result.length; i++) {
      int outer = i / (inner * shape[axis]);
      int place = checked(indices[i], table[axis], op);
      result[i] = (outer * table[axis] + place) * inner + i % inner;
    }
    return result;
  }

  private static int checked(long index, int size, Primitive op) {
    if (index < 0 || index >= size) {
      throw new UsageException(op + ": index " + index + " is outside 0 to " + (size - 1));
    }
    return (int) index;
  }
}
