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

  /**
   * Makes a new batch of rows of the old one: row i becomes what row {@code rows[i]} was. Rows may
   * repeat (beams that share a beginning) and be left out (sequences that ended).
   *
   * @param rows at least one, each an index into the batch of the last step
   * @throws org.attention4j.error.UsageException before the first step, or if a row is not there
   */
  void select(long... rows);

  /**
   * Takes back the latest tokens: the cache keeps its first slots, and the next step goes on after
   * them, in the same batch.
   *
   * @param length slots that stay, at least 1
   * @throws org.attention4j.error.UsageException before the first step, or if there are fewer
   */
  void truncate(long length);

  /** Slots in the cache. */
  long length();

  @Override
  void close();
}
