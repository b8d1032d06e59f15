package org.attention4j.models.data;

import java.util.Map;
import java.util.SplittableRandom;
import org.attention4j.tensor.HostTensor;

/**
 * Model inputs, {@code targets} included, cut from a corpus. Every batch is a pure function of the
 * seed and its number, so that a run that is interrupted goes on with exactly the batches it would
 * have had. Immutable, thread-safe.
 */
public interface Batches {

  /** The training batch of a number, from 0. */
  Map<String, HostTensor> training(long number);

  /** A batch from the training part for estimating its loss; other numbers than training's. */
  Map<String, HostTensor> trainingSample(long number);

  /** A random batch from the validation part. */
  Map<String, HostTensor> validation(long number);

  /** How many batches cover the whole validation part once. */
  long validationBatches();

  /** Part {@code number} of the whole validation part, in order. */
  Map<String, HostTensor> wholeValidation(long number);

  /** Targets in a training batch at most, for throughput. */
  long tokensPerBatch();

  /** An independent source of random numbers for each stream and number. */
  static SplittableRandom random(long seed, int stream, long number) {
    SplittableRandom streams = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + stream);
    return new SplittableRandom(streams.nextLong() + number * 0xD1342543DE82EF95L).split();
  }
}
