package org.attention4j.engine.onnx.session;

import ai.onnxruntime.OnnxTensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.attention4j.tensor.HostTensor;

/**
 * Inputs and outputs of steps of one shape over one cache, with ONNX Runtime's tensors over them,
 * used again at each step: making them anew takes a good part of a millisecond. One step at a time.
 */
final class StepRun implements AutoCloseable {
  /** Outputs of more bytes are handed out instead of being copied. */
  private static final long LARGE = 1 << 20;

  private final OrtModel model;
  private final Map<String, HostTensor> inputs = new LinkedHashMap<>();
  private final Map<String, HostTensor> outputs = new LinkedHashMap<>();
  private final OrtModel.Feeds feeds = new OrtModel.Feeds();
  private final OrtModel.Feeds results = new OrtModel.Feeds();
  private boolean large;

  /**
   * Memory for steps.
   *
   * @param like inputs but for those of the cache, of the shapes that all steps will have
   * @param buffers the cache by names of inputs
   * @param past its tensors by names of inputs
   * @param present the same memory by names of outputs in the file
   */
  StepRun(
      OrtModel model,
      Map<String, HostTensor> like,
      Map<String, HostTensor> buffers,
      Map<String, OnnxTensor> past,
      Map<String, OnnxTensor> present) {
    this.model = model;
    Signature signature = model.signature();
    Map<String, long[]> shapes = new HashMap<>();
    like.forEach((name, tensor) -> shapes.put(name, tensor.shape()));
    buffers.forEach((name, tensor) -> shapes.put(name, tensor.shape()));
    Map<String, Long> sizes = signature.sizes(shapes);
    past.forEach(feeds::lend);
    present.forEach(results::lend);
    like.forEach((name, tensor) -> inputs.put(name, place(feeds, name, tensor)));
    signature
        .outputs()
        .forEach(
            (name, type) -> {
              if (!name.startsWith(CachedDecoding.PRESENT)) {
                HostTensor output = HostTensor.zeros(type.dtype(), type.bind(sizes).shape());
                results.put(signature.fileName(name), output);
                outputs.put(name, output);
                large |= output.size() * output.dtype().bytes() > LARGE;
              }
            });
  }

  private static HostTensor place(OrtModel.Feeds feeds, String name, HostTensor like) {
    HostTensor tensor = HostTensor.zeros(like.dtype(), like.shape());
    feeds.put(name, tensor);
    return tensor;
  }

  /** Whether a step of a model with these inputs can run in this memory. */
  boolean fits(OrtModel wanted, Map<String, HostTensor> given) {
    return !large
        && wanted == model
        && given.size() == inputs.size()
        && given.entrySet().stream()
            .allMatch(
                input -> {
                  HostTensor own = inputs.get(input.getKey());
                  return own != null
                      && own.dtype() == input.getValue().dtype()
                      && Arrays.equals(own.shape(), input.getValue().shape());
                });
  }

  /** Runs a step. The outputs are the caller's. */
  Map<String, HostTensor> run(Map<String, HostTensor> given) {
    inputs.forEach(
        (name, tensor) -> Objects.requireNonNull(given.get(name), name).copyTo(tensor.buffer()));
    model.runNative(feeds.tensors(), Set.of(), results.tensors()).close();
    Map<String, HostTensor> copies = new LinkedHashMap<>(outputs);
    if (!large) {
      copies.replaceAll((name, t) -> HostTensor.copyOf(t.dtype(), t.buffer(), t.shape()));
    }
    return copies;
  }

  @Override
  public void close() {
    feeds.close();
    results.close();
  }
}
