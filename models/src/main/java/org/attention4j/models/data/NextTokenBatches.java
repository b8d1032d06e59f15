package org.attention4j.models.data;

import java.util.Map;
import java.util.SplittableRandom;
import org.attention4j.tensor.HostTensor;

/**
 * Windows of {@code context} tokens at random places, and the same shifted by one as targets:
 * {@code input_ids} and {@code targets}, i64 [batch, context].
 */
public record NextTokenBatches(Split split, int batch, int context, long seed) implements Batches {
  private static final int TRAINING = 0;
  private static final int TRAINING_SAMPLE = 1;
  private static final int VALIDATION = 2;

  @Override
  public Map<String, HostTensor> training(long number) {
    return random(split.training(), TRAINING, number);
  }

  @Override
  public Map<String, HostTensor> trainingSample(long number) {
    return random(split.training(), TRAINING_SAMPLE, number);
  }

  @Override
  public Map<String, HostTensor> validation(long number) {
    return random(split.validation(), VALIDATION, number);
  }

  private Map<String, HostTensor> random(long[] tokens, int stream, long number) {
    SplittableRandom random = Batches.random(seed, stream, number);
    int[] starts = new int[batch];
    for (int i = 0; i < batch; i++) {
      starts[i] = random.nextInt(tokens.length - context);
    }
    return windows(tokens, starts);
  }

  private Map<String, HostTensor> windows(long[] tokens, int[] starts) {
    long[] inputs = new long[starts.length * context];
    long[] targets = new long[inputs.length];
    for (int i = 0; i < starts.length; i++) {
      System.arraycopy(tokens, starts[i], inputs, i * context, context);
      System.arraycopy(tokens, starts[i] + 1, targets, i * context, context);
    }
    return Map.of(
        "input_ids", HostTensor.of(inputs, starts.length, context),
        "targets", HostTensor.of(targets, starts.length, context));
  }

  private int validationWindows() {
    return (split.validation().length - 1) / context;
  }

  @Override
  public long validationBatches() {
    return ((long) validationWindows() + batch - 1) / batch;
  }

  @Override
  public Map<String, HostTensor> wholeValidation(long number) {
    int first = Math.toIntExact(number * batch);
    int[] starts = new int[Math.min(batch, validationWindows() - first)];
    for (int i = 0; i < starts.length; i++) {
      starts[i] = (first + i) * context;
    }
    return windows(split.validation(), starts);
  }

  @Override
  public long tokensPerBatch() {
    return (long) batch * context;
  }
}
