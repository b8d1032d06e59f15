package org.attention4j.reference;

import java.util.ArrayList;
import java.util.List;
import org.attention4j.spi.BufferView;
import org.attention4j.spi.KernelProvider;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;

/** Copies arrays into direct buffers, lets a kernel run on them, and copies the results back. */
final class LentBuffers {
  private LentBuffers() {}

  static List<Object> run(
      KernelProvider kernel,
      Composite op,
      List<TensorType> operandTypes,
      List<TensorType> resultTypes,
      List<NumberArray> operands) {
    List<BufferView> inputs = new ArrayList<>();
    for (int i = 0; i < operands.size(); i++) {
      inputs.add(view(HostArrays.toHost(operands.get(i), operandTypes.get(i).dtype())));
    }
    List<HostTensor> results =
        resultTypes.stream().map(t -> HostTensor.zeros(t.dtype(), t.shape())).toList();
    kernel.run(op, inputs, results.stream().map(LentBuffers::view).toList());
    return results.stream().map(t -> (Object) HostArrays.fromHost(t)).toList();
  }

  private static BufferView view(HostTensor tensor) {
    return BufferView.dense(tensor.dtype(), tensor.buffer(), tensor.shape());
  }
}
