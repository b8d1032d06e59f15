package org.attention4j.kernels;

import java.util.Arrays;
import java.util.Random;
import org.attention4j.spi.BufferView;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;

/** Host tensors as the kernels' operands. */
final class Views {
  private Views() {}

  static BufferView of(HostTensor tensor) {
    return BufferView.dense(tensor.dtype(), tensor.buffer(), tensor.shape());
  }

  static HostTensor random(Random random, long... shape) {
    int size = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return HostTensor.of(values, shape);
  }

  static BufferView randomView(Random random, long... shape) {
    return of(random(random, shape));
  }

  static BufferView zeros(long... shape) {
    return of(HostTensor.zeros(DType.F32, shape));
  }
}
