package org.attention4j.graph;

import java.util.Map;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.TensorType;

/** What a trace does with {@code Scope.extend} and {@code Scope.once}. */
public enum CacheMode {
  /** No cache. */
  NONE,
  /** First step: fresh values become {@code present.*} outputs. */
  PREFILL,
  /**
   * Later steps: {@code past_key_values.*} inputs of length {@code past}, grown into {@code
   * present.*}.
   */
  STEP,
  /** A buffer of {@code capacity} slots, written at the input {@code cache_length}. */
  STATIC;

  /** An input's type under this mode: a mask over {@code past+time} has no past without a cache. */
  TensorType adapt(TensorType type) {
    return switch (this) {
      case NONE, PREFILL -> type.bind(Map.of("past", 0L));
      case STEP -> type;
      case STATIC ->
          type.with(
              type.dims().stream()
                  .map(d -> d.symbols().contains("past") ? Dim.symbol("capacity") : d)
                  .toList());
    };
  }
}
