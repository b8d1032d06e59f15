package org.attention4j.engine.onnx.session;

import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * The types of a model's outputs for inputs at hand. Those of shapes seen lately are remembered:
 * working them out costs as much as running a very small model. Thread-safe.
 */
final class OutputShapes {
  private static final int REMEMBERED = 64;

  private final Signature signature;
  private final Map<LongBuffer, Map<String, TensorType>> seen = new ConcurrentHashMap<>();

  OutputShapes(Signature signature) {
    this.signature = signature;
  }

  /**
   * The outputs' types; a size that follows from no input stays symbolic.
   *
   * @throws org.attention4j.error.UsageException if an input is missing
   * @throws org.attention4j.error.ShapeException if a shape does not fit
   */
  Map<String, TensorType> of(Map<String, HostTensor> inputs) {
    LongBuffer key = key(inputs);
    @Nullable Map<String, TensorType> known = key == null ? null : seen.get(key);
    if (known != null) {
      return known;
    }
    Map<String, Long> sizes = signature.sizesOf(inputs);
    Map<String, TensorType> bound = new LinkedHashMap<>();
    signature.outputs().forEach((name, type) -> bound.put(name, type.bind(sizes)));
    if (key != null) {
      if (seen.size() >= REMEMBERED) {
        seen.clear();
      }
      seen.put(key, bound);
    }
    return bound;
  }

  /**
   * The shapes of all inputs with their ranks, one behind the other; a buffer is equal to another
   * by its elements. Null if an input is missing, which is reported elsewhere.
   */
  private @Nullable LongBuffer key(Map<String, HostTensor> inputs) {
    long[] shapes = new long[8 * signature.inputs().size()];
    int length = 0;
    for (String name : signature.inputs().keySet()) {
      HostTensor tensor = inputs.get(name);
      if (tensor == null) {
        return null;
      }
      int rank = tensor.rank();
      if (length + rank + 1 > shapes.length) {
        shapes = Arrays.copyOf(shapes, 2 * shapes.length + rank);
      }
      shapes[length++] = rank;
      for (int i = 0; i < rank; i++) {
        shapes[length++] = tensor.dim(i);
      }
    }
    return LongBuffer.wrap(shapes, 0, length);
  }
}
