package org.attention4j.spi;

import java.util.Map;
import java.util.Set;
import org.attention4j.tensor.HostTensor;

/**
 * A model opened for inference; owns its native memory. Thread-safe unless {@link #description}
 * says otherwise.
 */
public interface Session extends AutoCloseable {

  /** Names of the inputs that the model reads; others that the program declares are ignored. */
  Set<String> inputs();

  /**
   * Runs the model once, without a cache.
   *
   * @throws org.attention4j.error.UsageException if an input is missing or unknown
   * @throws org.attention4j.error.ShapeException if an input's shape does not fit
   */
  Map<String, HostTensor> run(Map<String, HostTensor> inputs);

  /** Begins a decoding with a KV cache of its own. */
  Decoding decode();

  /** Engine, device, precision and what was chosen by itself, with reasons. */
  String description();

  @Override
  void close();
}
