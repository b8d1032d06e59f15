package org.attention4j.engine.onnx.quantize;

import java.nio.ByteBuffer;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;

/**
 * A matrix in blocks along its inputs, as MatMulNBits of ONNX Runtime reads it. A weight is {@code
 * (q - middle) * scale}; the scale takes the value that is largest in size to the end of the range
 * that has one step more.
 *
 * @param packed u8 [outputs, blocks, block bytes], the first of two 4-bit values in the low half
 * @param scales f32 [outputs * blocks]
 */
record BlockWeights(HostTensor packed, HostTensor scales) {
  /** A matrix element by output and input. */
  interface Matrix {
    double at(int output, int input);
  }

  /**
   * Rounds a matrix.
   *
   * @param bits 4 or 8
   * @param size weights that share a scale, along the inputs
   */
  static BlockWeights of(Matrix matrix, int outputs, int inputs, int bits, int size) {
    int blocks = (inputs + size - 1) / size;
    int width = size * bits / 8;
    HostTensor packed = HostTensor.zeros(DType.U8, outputs, blocks, width);
    HostTensor scales = HostTensor.zeros(DType.F32, (long) outputs * blocks);
    ByteBuffer bytes = packed.buffer();
    double[] values = new double[size];
    for (int output = 0; output < outputs; output++) {
      for (int block = 0; block < blocks; block++) {
        for (int i = 0; i < size; i++) {
          int input = block * size + i;
          values[i] = input < inputs ? matrix.at(output, input) : 0;
        }
        long at = (long) output * blocks + block;
        scales.set(at, pack(values, bits, bytes, Math.toIntExact(at * width)));
      }
    }
    return new BlockWeights(packed, scales);
  }

  /** Writes a block; its scale. */
  private static double pack(double[] values, int bits, ByteBuffer bytes, int at) {
    int middle = 1 << (bits - 1);
    double largest = 0;
    for (double value : values) {
      largest = Math.abs(value) > Math.abs(largest) ? value : largest;
    }
    double scale = largest == 0 ? 0 : (float) (largest / -middle);
    for (int i = 0; i < values.length; i++) {
      long step = scale == 0 ? 0 : Math.round(values[i] / scale);
      int q = (int) Math.max(0, Math.min(2L * middle - 1, step + middle));
      if (bits == 8) {
        bytes.put(at + i, (byte) q);
      } else {
        int old = i % 2 == 0 ? 0 : bytes.get(at + i / 2);
        bytes.put(at + i / 2, (byte) (i % 2 == 0 ? q : old | q << 4));
      }
    }
    return scale;
  }
}
