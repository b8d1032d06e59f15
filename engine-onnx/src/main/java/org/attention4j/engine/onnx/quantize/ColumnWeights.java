package org.attention4j.engine.onnx.quantize;

import java.nio.ByteBuffer;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;

/**
 * A matrix with a scale for each output, as DynamicQuantizeMatMul of ONNX Runtime reads it. A
 * weight is {@code q * scale}, with q from -127 to 127.
 *
 * @param values i8 [inputs, outputs]
 * @param scales f32 [outputs]
 */
record ColumnWeights(HostTensor values, HostTensor scales) {
  private static final int LARGEST = 127;

  static ColumnWeights of(BlockWeights.Matrix matrix, int outputs, int inputs) {
    HostTensor values = HostTensor.zeros(DType.I8, inputs, outputs);
    HostTensor scales = HostTensor.zeros(DType.F32, outputs);
    ByteBuffer bytes = values.buffer();
    for (int output = 0; output < outputs; output++) {
      double largest = 0;
      for (int input = 0; input < inputs; input++) {
        largest = Math.max(largest, Math.abs(matrix.at(output, input)));
      }
      double scale = (float) (largest / LARGEST);
      scales.set(output, scale == 0 ? 1 : scale);
      for (int input = 0; input < inputs; input++) {
        long step = scale == 0 ? 0 : Math.round(matrix.at(output, input) / scale);
        byte q = (byte) Math.max(-LARGEST, Math.min(LARGEST, step));
        bytes.put(Math.toIntExact((long) input * outputs + output), q);
      }
    }
    return new ColumnWeights(values, scales);
  }
}
