package org.attention4j.engine.onnx.lower;

import java.util.List;
import org.attention4j.tensor.TensorType;

/**
 * What an op is applied to, by name in the ONNX graph.
 *
 * @param names the operands
 * @param types their types in the source graph, where floating types are nominal
 * @param result the type of the (first) result
 */
record Operands(List<String> names, List<TensorType> types, TensorType result) {
  String name(int index) {
    return names.get(index);
  }

  TensorType type(int index) {
    return types.get(index);
  }
}
