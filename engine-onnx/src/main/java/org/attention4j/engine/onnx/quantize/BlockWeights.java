package org.attention4j.engine.onnx.quantize;

import java.nio.ByteBuffer;
import org.attention4j.tensor.DType;

/**
 * Matrices in blocks along their inputs, as MatMulNBits of ONNX Runtime reads them. A weight is
 * {@code (q - middle) * scale}; the scale takes the value that is largest in size to the end of the
 * range that has one step more.
 */
final class BlockWeights {
  private BlockWeights() {}

  /**
   * A matrix, rounded when it is read. Its values are u8 [outputs, blocks, block bytes], the first
   * of two 4-bit values in the low half; its scales are [outputs * blocks].
   *
   * @param bits 4 or 8
   * @param size weights that share a scale, along the inputs
   */
  static RoundedMatrix of(Matrix matrix, int bits, int size) {
    int outputs = matrix.outputs();
    int blocks = (matrix.inputs() + size - 1) / size;
    int width = size * bits / 8;
    return new RoundedMatrix(
        DType.U8,
        new long[] {outputs, blocks, width},
        (long) outputs * blocks,
        (values, scales) -> {
          ByteBuffer bytes = ByteBuffer.allocate(blocks * width);
          int[] whole = new int[size];
          matrix.read(
              (output, row) -> {
                for (int b = 0; b < blocks; b++) {
                  scales.set((long) output * blocks + b, round(row, b * size, bits, whole));
                  pack(whole, bits, bytes, b * width);
                }
                values.accept(bytes.clear());
              });
        });
  }

  /**
   * Rounds the block of a row that begins at an input; its scale. Beyond the row weights are 0.
   *
   * @param whole what becomes of the weights, from 0 to 2^bits - 1
   */
  static float round(double[] row, int first, int bits, int[] whole) {
    int middle = 1 << (bits - 1);
    int end = Math.min(row.length, first + whole.length);
    double largest = 0;
    for (int i = first; i < end; i++) {
      largest = Math.abs(row[i]) > Math.abs(largest) ? row[i] : largest;
    }
    float scale = largest == 0 ? 0 : (float) (largest / -middle);
    for (int i = 0; i < whole.length; i++) {
      boolean there = first + i < end && scale != 0;
      long step = there ? Math.round(row[first + i] / scale) : 0;
      whole[i] = (int) Math.max(0, Math.min(2L * middle - 1, step + middle));
    }
    return scale;
  }

  private static void pack(int[] whole, int bits, ByteBuffer bytes, int at) {
    for (int i = 0; i < whole.length; i++) {
      if (bits == 8) {
        bytes.put(at + i, (byte) whole[i]);
      } else {
        int old = i % 2 == 0 ? 0 : bytes.get(at + i / 2);
        bytes.put(at + i / 2, (byte) (i % 2 == 0 ? whole[i] : old | whole[i] << 4));
      }
    }
  }
}
