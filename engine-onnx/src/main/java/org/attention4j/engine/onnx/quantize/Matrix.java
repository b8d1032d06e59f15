package org.attention4j.engine.onnx.quantize;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.attention4j.onnxformat.Weight;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;

/**
 * The matrix of a linear layer, output by output. If it is stored so, it passes by; if it is stored
 * the other way round, it is in memory while it is read.
 *
 * @param weight as it is stored
 * @param transposed whether that is [outputs, inputs], and not [inputs, outputs]
 * @param scratch native memory of at least so many bytes, used again for the next matrix
 */
record Matrix(Weight weight, boolean transposed, IntFunction<ByteBuffer> scratch) {
  private static final int CHUNK = 1 << 13; // elements

  /** Takes the weights of one output, then of the next. */
  interface Rows {
    /** The array is filled anew for each output. */
    void accept(int output, double[] weights);
  }

  int outputs() {
    return (int) weight.shape()[transposed ? 0 : 1];
  }

  int inputs() {
    return (int) weight.shape()[transposed ? 1 : 0];
  }

  /** Gives the outputs in order. */
  void read(Rows rows) {
    if (transposed) {
      weight.read(new RowByRow(weight.dtype(), inputs(), rows));
      return;
    }
    ByteBuffer memory = scratch.apply((int) weight.bytes());
    memory.clear().limit((int) weight.bytes());
    weight.read(memory::put);
    HostTensor all = HostTensor.wrap(weight.dtype(), memory.flip(), weight.shape());
    double[] row = new double[inputs()];
    int outputs = outputs();
    for (int output = 0; output < outputs; output++) {
      for (int input = 0; input < row.length; input++) {
        row[input] = all.getDouble((long) input * outputs + output);
      }
      rows.accept(output, row);
    }
  }

  /** Cuts what passes by into rows. */
  private static final class RowByRow implements Consumer<ByteBuffer> {
    private final DType dtype;
    private final double[] row;
    private final Rows rows;
    private int filled;
    private int output;

    RowByRow(DType dtype, int inputs, Rows rows) {
      this.dtype = dtype;
      this.row = new double[inputs];
      this.rows = rows;
    }

    @Override
    public void accept(ByteBuffer part) {
      int count = part.remaining() / dtype.bytes();
      if (dtype == DType.F32) {
        take(part.slice().order(ByteOrder.nativeOrder()).asFloatBuffer()); // nothing is made anew
        return;
      }
      for (int start = 0; start < count; start += CHUNK) {
        int length = Math.min(CHUNK, count - start);
        ByteBuffer bytes = part.slice(start * dtype.bytes(), length * dtype.bytes());
        bytes.order(ByteOrder.nativeOrder());
        take(HostTensor.copyOf(dtype, bytes, length).toDoubleArray());
      }
    }

    private void take(FloatBuffer values) {
      while (values.hasRemaining()) {
        int end = Math.min(row.length, filled + values.remaining());
        while (filled < end) {
          row[filled++] = values.get();
        }
        next();
      }
    }

    private void next() {
      if (filled == row.length) {
        rows.accept(output++, row);
        filled = 0;
      }
    }

    private void take(double[] values) {
      int taken = 0;
      while (taken < values.length) {
        int length = Math.min(values.length - taken, row.length - filled);
        System.arraycopy(values, taken, row, filled, length);
        taken += length;
        filled += length;
        next();
      }
    }
  }
}
