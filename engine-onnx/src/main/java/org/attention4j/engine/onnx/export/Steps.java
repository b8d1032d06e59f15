package org.attention4j.engine.onnx.export;

import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.engine.onnx.session.HostSlices;
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
              cut = HostSlices.slice(cut, axis, from, to);
            } else if (type.dim(axis).equals(PAST_AND_TIME)) {
              cut = HostSlices.slice(cut, axis, 0, to);
            }
          }
          part.put(name, cut);
        });
    return part;
  }
}
