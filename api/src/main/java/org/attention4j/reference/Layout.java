package org.attention4j.reference;

/**
 * Walks row-major positions of a shape and the matching positions of arrays that broadcast to it.
 */
final class Layout {
  private Layout() {}

  /** Row-major strides. */
  static int[] strides(int[] shape) {
    int[] strides = new int[shape.length];
    int stride = 1;
    for (int i = shape.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= shape[i];
    }
    return strides;
  }

  /** Strides of an array seen as a larger shape, aligned at the back; 0 on repeated axes. */
  static int[] broadcast(int[] shape, int[] to) {
    int[] own = strides(shape);
    int[] result = new int[to.length];
    int lead = to.length - shape.length;
    for (int i = 0; i < shape.length; i++) {
      result[lead + i] = shape[i] == 1 ? 0 : own[i];
    }
    return result;
  }

  /** For each row-major position of a shape, the position that the strides give. */
  static int[] positions(int[] shape, int[] strides) {
    int[] result = new int[NumberArray.size(shape)];
    int[] index = new int[shape.length];
    int position = 0;
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

  /** Number of elements of some axes. */
  static int count(int[] shape, int from, int to) {
    int product = 1;
    for (int i = from; i < to; i++) {
      product *= shape[i];
    }
    return product;
  }
}
