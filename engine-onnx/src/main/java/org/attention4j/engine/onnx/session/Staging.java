package org.attention4j.engine.onnx.session;

import ai.onnxruntime.OnnxTensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;

/**
 * Memory for the inputs and outputs of one run, with ONNX Runtime's tensors over it, used again and
 * again. Small values are copied in and out: that is cheaper than fresh direct memory and fresh
 * tensors for each run. One run at a time.
 */
final class Staging implements AutoCloseable {
  private static final int SMALL = 1 << 16;

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Place(String name, DType dtype, long[] shape, ByteBuffer memory) {}

  private final List<Place> inputs = new ArrayList<>();
  private final List<Place> outputs = new ArrayList<>();
  private final Map<String, OnnxTensor> fed = new LinkedHashMap<>();
  private final Map<String, OnnxTensor> pinned = new LinkedHashMap<>();

  private Staging() {}

  /** Whether so many elements are copied rather than lent. */
  static boolean small(DType dtype, long size) {
    return size * dtype.bytes() <= SMALL;
  }

  /** Whether values of a type are copied rather than lent; not if a size is unknown. */
  static boolean small(TensorType type) {
    return type.known() && small(type.dtype(), type.count().longSize());
  }

  static Staging of(
      Signature signature,
      List<String> names,
      Map<String, HostTensor> given,
      Map<String, TensorType> results) {
    Staging staging = new Staging();
    for (String name : names) {
      HostTensor like = Objects.requireNonNull(given.get(name));
      OnnxTensor tensor = place(staging.inputs, name, like.dtype(), like.shape());
      staging.fed.put(name, tensor);
    }
    results.forEach(
        (name, type) -> {
          OnnxTensor tensor = place(staging.outputs, name, type.dtype(), type.shape());
          staging.pinned.put(signature.fileName(name), tensor);
        });
    return staging;
  }

  private static OnnxTensor place(List<Place> places, String name, DType dtype, long[] shape) {
    HostTensor tensor = HostTensor.zeros(dtype, shape);
    places.add(new Place(name, dtype, shape, tensor.buffer()));
    return OrtTensors.over(tensor);
  }

  /** Copies inputs in. */
  void fill(Map<String, HostTensor> given) {
    for (int i = 0; i < inputs.size(); i++) {
      Place place = inputs.get(i);
      Objects.requireNonNull(given.get(place.name)).copyTo(place.memory);
    }
  }

  /** The inputs as ONNX Runtime takes them. */
  Map<String, OnnxTensor> fed() {
    return fed;
  }

  /** The outputs as ONNX Runtime takes them. */
  Map<String, OnnxTensor> pinned() {
    return pinned;
  }

  /** Copies of the outputs. */
  Map<String, HostTensor> results() {
    Map<String, HostTensor> results = new LinkedHashMap<>();
    for (int i = 0; i < outputs.size(); i++) {
      Place place = outputs.get(i);
      results.put(place.name, HostTensor.copyOf(place.dtype, place.memory, place.shape));
    }
    return results;
  }

  @Override
  public void close() {
    fed.values().forEach(OnnxTensor::close);
    pinned.values().forEach(OnnxTensor::close);
  }
}
