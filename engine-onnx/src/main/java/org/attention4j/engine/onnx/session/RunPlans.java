package org.attention4j.engine.onnx.session;

import java.nio.LongBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.attention4j.tensor.HostTensor;
import org.jspecify.annotations.Nullable;

/**
 * The plans for the shapes seen lately; working one out costs as much as running a very small
 * model. Thread-safe.
 */
final class RunPlans implements AutoCloseable {
  private static final int REMEMBERED = 64;

  private final Signature signature;
  private final List<String> inputs;
  private final Map<LongBuffer, RunPlan> seen = new ConcurrentHashMap<>();
  private volatile @Nullable RunPlan latest;

  RunPlans(Signature signature) {
    this.signature = signature;
    this.inputs = List.copyOf(signature.inputs().keySet());
  }

  /**
   * The plan for inputs at hand.
   *
   * @throws org.attention4j.error.UsageException if an input is missing
   * @throws org.attention4j.error.ShapeException if a shape does not fit
   */
  RunPlan of(Map<String, HostTensor> given) {
    RunPlan last = latest;
    if (last != null && last.fits(given)) {
      return last;
    }
    long[] shapes = RunPlan.shapes(inputs, given);
    RunPlan known = shapes == null ? null : seen.get(LongBuffer.wrap(shapes));
    if (known == null) {
      // a missing input is reported here, so that there are shapes after it
      known = RunPlan.of(signature, inputs, shapes == null ? new long[0] : shapes, given);
      if (seen.size() >= REMEMBERED) {
        close();
      }
      RunPlan other = seen.putIfAbsent(known.key(), known);
      known = other == null ? known : other;
    }
    latest = known;
    return known;
  }

  /** Forgets all plans and frees their memory. */
  @Override
  public void close() {
    latest = null;
    seen.values().forEach(RunPlan::close);
    seen.clear();
  }
}
