package org.attention4j.engine.onnx.session;

import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * What there is to know about runs with inputs of certain shapes: the outputs' types, and memory
 * for such runs that is not in use. Thread-safe.
 */
final class RunPlan {
  private final List<String> inputs;
  private final long[] shapes;
  private final Map<String, TensorType> outputs;
  private final boolean staged;
  private final ConcurrentLinkedQueue<Staging> idle = new ConcurrentLinkedQueue<>();
  private volatile boolean closed;

  private RunPlan(
      List<String> inputs, long[] shapes, Map<String, TensorType> outputs, boolean staged) {
    this.inputs = inputs;
    this.shapes = shapes;
    this.outputs = outputs;
    this.staged = staged;
  }

  /**
   * Works out the outputs' types.
   *
   * @param inputs names of all inputs, in the order of their shapes
   * @throws org.attention4j.error.UsageException if an input is missing
   * @throws org.attention4j.error.ShapeException if a shape does not fit
   */
  static RunPlan of(
      Signature signature, List<String> inputs, long[] shapes, Map<String, HostTensor> given) {
    Map<String, Long> sizes = signature.sizesOf(given);
    Map<String, TensorType> outputs = new LinkedHashMap<>();
    signature.outputs().forEach((name, type) -> outputs.put(name, type.bind(sizes)));
    boolean small =
        given.values().stream().allMatch(t -> Staging.small(t.dtype(), t.size()))
            && outputs.values().stream().allMatch(Staging::small);
    return new RunPlan(inputs, shapes, outputs, small);
  }

  /** The shapes of inputs with their ranks, one behind the other; null if an input is missing. */
  static long @Nullable [] shapes(List<String> names, Map<String, HostTensor> inputs) {
    long[] shapes = new long[8 * names.size()];
    int length = 0;
    for (String name : names) {
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
    return Arrays.copyOf(shapes, length);
  }

  /** Whether these inputs are all there and have the plan's shapes. */
  boolean fits(Map<String, HostTensor> given) {
    int at = 0;
    for (int i = 0; i < inputs.size(); i++) {
      HostTensor tensor = given.get(inputs.get(i));
      if (tensor == null || tensor.rank() != shapes[at++]) {
        return false;
      }
      for (int axis = 0; axis < tensor.rank(); axis++) {
        if (tensor.dim(axis) != shapes[at++]) {
          return false;
        }
      }
    }
    return true;
  }

  /** The shapes as a key; a buffer is equal to another by its elements. */
  LongBuffer key() {
    return LongBuffer.wrap(shapes);
  }

  /** The outputs' types; a size that follows from no input stays symbolic. */
  Map<String, TensorType> outputs() {
    return outputs;
  }

  /** Memory for one run, to be given back; null if the tensors are too large to be copied. */
  @Nullable Staging borrow(Signature signature, Map<String, HostTensor> given) {
    if (!staged) {
      return null;
    }
    Staging free = idle.poll();
    return free == null ? Staging.of(signature, inputs, given, outputs) : free;
  }

  void giveBack(Staging staging) {
    idle.add(staging);
    if (closed) {
      close();
    }
  }

  /** Frees what is idle now, and what is in use when it is given back. */
  void close() {
    closed = true;
    for (Staging free = idle.poll(); free != null; free = idle.poll()) {
      free.close();
    }
  }
}
