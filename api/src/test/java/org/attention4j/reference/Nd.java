package org.attention4j.reference;

import java.util.Arrays;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;

/** Numbers under a shape, read by their indices one at a time: slow, and as the books write it. */
final class Nd {
  private final int[] shape;
  private final double[] values;

  private Nd(int[] shape, double[] values) {
    this.shape = shape;
    this.values = values;
  }

  /** What a formula gives at each index. */
  static Nd of(int[] shape, ToDoubleFunction<int[]> formula) {
    Nd result = new Nd(shape, new double[Arrays.stream(shape).reduce(1, (a, b) -> a * b)]);
    for (int i = 0; i < result.values.length; i++) {
      result.values[i] = formula.applyAsDouble(result.index(i));
    }
    return result;
  }

  static Nd random(Random random, int... shape) {
    return of(shape, index -> random.nextInt(41) / 8.0 - 2.5);
  }

  static Nd integers(Random random, int bound, int... shape) {
    return of(shape, index -> random.nextInt(bound));
  }

  private int[] index(int flat) {
    int[] index = new int[shape.length];
    int rest = flat;
    for (int i = shape.length - 1; i >= 0; i--) {
      index[i] = rest % shape[i];
      rest /= shape[i];
    }
    return index;
  }

  int[] shape() {
    return shape.clone();
  }

  int rank() {
    return shape.length;
  }

  int size(int axis) {
    return shape[axis];
  }

  double at(int... index) {
    int flat = 0;
    for (int i = 0; i < shape.length; i++) {
      if (index[i] < 0 || index[i] >= shape[i]) {
        throw new IndexOutOfBoundsException(
            Arrays.toString(index) + " of " + Arrays.toString(shape));
      }
      flat = flat * shape[i] + index[i];
    }
    return values[flat];
  }

  /** At an index of a larger shape that this one broadcasts to. */
  double broadcastAt(int[] index) {
    int lead = index.length - shape.length;
    int[] own = new int[shape.length];
    for (int i = 0; i < own.length; i++) {
      own[i] = shape[i] == 1 ? 0 : index[lead + i];
    }
    return at(own);
  }

  /** The same index with another value on an axis. */
  static int[] with(int[] index, int axis, int value) {
    int[] result = index.clone();
    result[axis] = value;
    return result;
  }

  double[] values() {
    return values.clone();
  }

  HostTensor host(DType dtype) {
    HostTensor tensor = HostTensor.zeros(dtype, Arrays.stream(shape).mapToLong(n -> n).toArray());
    for (int i = 0; i < values.length; i++) {
      tensor.set(i, values[i]);
    }
    return tensor;
  }
}
