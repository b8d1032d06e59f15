package org.attention4j.graph;

import java.util.List;
import java.util.function.BiPredicate;
import java.util.function.Predicate;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.TensorType;

/**
 * How a model is recorded.
 *
 * @param cache what happens to cache entries
 * @param keep composites that stay whole instead of being expanded
 * @param training whether dropout is on; adds the i64 scalar input {@code dropout_seed} where
 *     needed
 * @param observe paths whose values become outputs {@code observed.PATH}
 */
public record TraceOptions(
    CacheMode cache,
    BiPredicate<Composite, List<TensorType>> keep,
    boolean training,
    Predicate<String> observe) {

  /** No cache, everything expanded, no dropout, nothing observed. */
  public static TraceOptions primitives() {
    return new TraceOptions(CacheMode.NONE, (op, types) -> false, false, path -> false);
  }

  /** What becomes of keys and values of earlier tokens. */
  public TraceOptions withCache(CacheMode mode) {
    return new TraceOptions(mode, keep, training, observe);
  }

  /** Composites that stay whole, by their operands; the others are expanded. */
  public TraceOptions keeping(BiPredicate<Composite, List<TensorType>> claims) {
    return new TraceOptions(cache, claims, training, observe);
  }

  /** Whether dropout and the like are at work. */
  public TraceOptions forTraining(boolean on) {
    return new TraceOptions(cache, keep, on, observe);
  }

  /** Paths of blocks whose values become outputs. */
  public TraceOptions observing(Predicate<String> paths) {
    return new TraceOptions(cache, keep, training, paths);
  }
}
