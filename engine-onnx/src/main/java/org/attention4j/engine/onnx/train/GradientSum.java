package org.attention4j.engine.onnx.train;

import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.tensor.HostTensor;

/** The weighted sum of the gradients of micro-batches, f32. */
final class GradientSum {
  private final Map<String, HostTensor> sums = new LinkedHashMap<>();

  /** Adds every output {@code grad.PATH}, times the weight. */
  void add(Map<String, HostTensor> outputs, float weight) {
    outputs.forEach(
        (name, gradient) -> {
          if (name.startsWith("grad.")) {
            HostTensor sum =
                sums.computeIfAbsent(
                    name, n -> HostTensor.zeros(gradient.dtype(), gradient.shape()));
            add(sum.buffer().asFloatBuffer(), gradient.buffer().asFloatBuffer(), weight);
          }
        });
  }

  private static void add(FloatBuffer sum, FloatBuffer gradient, float weight) {
    for (int i = 0; i < sum.limit(); i++) {
      sum.put(i, sum.get(i) + weight * gradient.get(i));
    }
  }

  Map<String, HostTensor> tensors() {
    return sums;
  }
}
