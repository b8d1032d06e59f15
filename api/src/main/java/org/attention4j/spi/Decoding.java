package org.attention4j.spi;

import java.util.Map;
import org.attention4j.tensor.HostTensor;

/** One growing sequence batch with its KV cache, which it owns. Used by one thread at a time. */
public interface Decoding extends AutoCloseable {

  /**
   * Runs the next tokens; outputs are those of the new rows only.
   *
   * @param inputs the model's inputs for the new tokens; an attention mask covers past and new ones
   */
  Map<String, HostTensor> next(Map<String, HostTensor> inputs);

  /** Slots in the cache. */
  long length();

  @Override
  void close();
}
