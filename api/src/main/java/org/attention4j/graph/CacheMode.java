package org.attention4j.graph;

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
  STATIC
}
