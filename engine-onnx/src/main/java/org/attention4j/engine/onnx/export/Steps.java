package org.attention4j.engine.onnx.export;

import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;

/** Cuts the inputs of a whole sequence into those of its steps. */
final class Steps {
  private static final Dim TIME = Dim.symbol("time");
  private static final Dim PAST_AND_TIME = TIME.plus(Dim.symbol(Caches.PAST));

  private Steps() {}

  /**
   * The inputs of the step that runs slots {@code from} to {@code to}: an axis {@code time} is cut
   * to these slots, an axis {@code past+time} to all up to the last.
   */
  static Map<String, HostTensor> part(
      Map<String, TensorType> types, Map<String, HostTensor> whole, long from, long to) {
    Map<String, HostTensor> part = new LinkedHashMap<>();
    whole.forEach(
        (name, tensor) -> {
          HostTensor cut = tensor;
          TensorType type = types.get(name);
          for (int axis = 0; type != null && axis < type.rank(); axis++) {
            if (type.dim(axis).equals(TIME)) {
              cut = slice(cut, axis, from, to);
            } else if (type.dim(axis).equals(PAST_AND_TIME)) {
              cut = slice(cut, axis, 0, to);
            }
          }
          part.put(name, cut);
        });
    return part;
  }

  private static HostTensor slice(HostTensor tensor, int axis, long from, long to) {
    long[] shape = tensor.shape();
    long rows = 1;
    long columns = 1;
    for (int i = 0; i < axis; i++) {
      rows *= shape[i];
    }
    for (int i = axis + 1; i < shape.length; i++) {
      columns *= shape[i];
    }
    long stride = shape[axis] * columns;
    long count = (to - from) * columns;
    shape[axis] = to - from;
    HostTensor result = HostTensor.zeros(tensor.dtype(), shape);
    int bytes = tensor.dtype().bytes();
    for (long row = 0; row < rows; row++) {
      int source = (int) ((row * stride + from * columns) * bytes);
      int target = (int) (row * count * bytes);
      int length = (int) (count * bytes);
      result.buffer().put(target, tensor.buffer(), source, length);
    }
    return result;
  }
}
