package org.attention4j.engine.onnx.quantize;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.Consumer;
import org.attention4j.onnxformat.Weight;
import org.attention4j.tensor.DType;

/**
 * Matrices in blocks along their inputs, in the order in which the kernel's BlockProduct reads
 * them: the same whole numbers and scales as {@link BlockWeights}, 16 outputs side by side.
 */
final class PackedBlocks {
  /** Outputs that stand together. */
  private static final int GROUP = 16;

  /** Neighbouring inputs of an output that stand together. */
  private static final int NEIGHBOURS = 4;

  private static final long MOST_BYTES = 1L << 30;

  private PackedBlocks() {}

  /** Whether the kernel has blocks of this size. */
  static boolean hasBlocksOf(int size) {
    return size >= 32;
  }

  /** Whether a matrix fits into one piece of memory, of 1 GiB. */
  static boolean hold(Matrix matrix, int bits, int size) {
    return (long) groups(matrix) * blocks(matrix, size) * width(bits, size) <= MOST_BYTES;
  }

  private static int groups(Matrix matrix) {
    return (matrix.outputs() + GROUP - 1) / GROUP;
  }

  private static int blocks(Matrix matrix, int size) {
    return (matrix.inputs() + size - 1) / size;
  }

  private static int width(int bits, int size) {
    return GROUP * (size * bits / 8 + Float.BYTES);
  }

  /**
   * A matrix, rounded when it is read: u8 [groups, blocks, bytes], where a group is 16 outputs. The
   * bytes of a block are the 16 scales in f32, and then its weights.
   *
   * <p>In 8 bits, byte {@code 64 i + 4 o + j} of these is the weight of output o and input {@code 4
   * i + j}; in 4 bits its lower half is that of input {@code 8 i + j}, its upper half that of input
   * {@code 8 i + 4 + j}.
   *
   * @param bits 4 or 8
   * @param size weights that share a scale, along the inputs: 32 or more
   */
  static Weight of(Matrix matrix, int bits, int size) {
    int groups = groups(matrix);
    int blocks = blocks(matrix, size);
    int width = width(bits, size);
    return new Weight() {
      @Override
      public DType dtype() {
        return DType.U8;
      }

      @Override
      public long[] shape() {
        return new long[] {groups, blocks, width};
      }

      @Override
      public void read(Consumer<ByteBuffer> part) {
        ByteBuffer group = ByteBuffer.allocate(blocks * width).order(ByteOrder.nativeOrder());
        int last = matrix.outputs() - 1;
        int[] whole = new int[size];
        matrix.read(
            (output, row) -> {
              for (int b = 0; b < blocks; b++) {
                float scale = BlockWeights.round(row, b * size, bits, whole);
                group.putFloat(b * width + output % GROUP * Float.BYTES, scale);
                put(group, b * width + GROUP * Float.BYTES, output % GROUP, whole, bits);
              }
              if (output % GROUP == GROUP - 1 || output == last) {
                part.accept(group.clear());
                Arrays.fill(group.array(), (byte) 0);
              }
            });
      }
    };
  }

  /** Writes the weights of one output in a block that begins at a place. */
  private static void put(ByteBuffer to, int at, int output, int[] whole, int bits) {
    int perByte = 8 / bits;
    int step = NEIGHBOURS * perByte; // inputs in a byte's four neighbours
    for (int i = 0; i < whole.length; i++) {
      int place = at + i / step * GROUP * NEIGHBOURS + output * NEIGHBOURS + i % NEIGHBOURS;
      boolean upper = i % step >= NEIGHBOURS;
      to.put(place, (byte) (upper ? to.get(place) | whole[i] << 4 : whole[i]));
    }
  }
}
