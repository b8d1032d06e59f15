package org.attention4j.models.data;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.attention4j.tensor.HostTensor;

/**
 * Windows for masked language models (Devlin et al. 2019, section 3.1): of the tokens 15 % are to
 * be predicted; of those 80 % are replaced by the mask, 10 % by a random token, 10 % stay. Other
 * targets are -100 and do not count.
 *
 * @param windows gives the unmasked windows
 * @param mask id of the mask token
 * @param firstToken lowest id that may stand in for a token
 * @param vocabulary number of ids
 */
public record MaskedBatches(NextTokenBatches windows, long mask, long firstToken, long vocabulary)
    implements Batches {
  private static final double PREDICTED = 0.15;
  private static final double MASKED = 0.8;
  private static final double REPLACED = 0.1;
  private static final long IGNORED = -100;
  private static final int STREAM = 100;

  @Override
  public Map<String, HostTensor> training(long number) {
    return masked(windows.training(number), STREAM, number);
  }

  @Override
  public Map<String, HostTensor> trainingSample(long number) {
    return masked(windows.trainingSample(number), STREAM + 1, number);
  }

  @Override
  public Map<String, HostTensor> validation(long number) {
    return masked(windows.validation(number), STREAM + 2, number);
  }

  @Override
  public long validationBatches() {
    return windows.validationBatches();
  }

  @Override
  public Map<String, HostTensor> wholeValidation(long number) {
    return masked(windows.wholeValidation(number), STREAM + 3, number);
  }

  @Override
  public long tokensPerBatch() {
    return windows.tokensPerBatch();
  }

  private Map<String, HostTensor> masked(Map<String, HostTensor> window, int stream, long number) {
    HostTensor source = window.getOrDefault("input_ids", HostTensor.of(new long[0], 0, 0));
    long[] inputs = source.toLongArray();
    long[] targets = new long[inputs.length];
    SplittableRandom random = Batches.random(windows.seed(), stream, number);
    boolean any = false;
    for (int i = 0; i < inputs.length; i++) {
      targets[i] = IGNORED;
      if (random.nextDouble() < PREDICTED) {
        any = true;
        targets[i] = inputs[i];
        inputs[i] = replacement(inputs[i], random);
      }
    }
    if (!any && inputs.length > 0) { // a mean over nothing is no loss
      targets[0] = inputs[0];
      inputs[0] = mask;
    }
    Map<String, HostTensor> result = new HashMap<>(window);
    result.put("input_ids", HostTensor.of(inputs, source.shape()));
    result.put("targets", HostTensor.of(targets, source.shape()));
    return result;
  }

  private long replacement(long token, SplittableRandom random) {
    double draw = random.nextDouble();
    if (draw < MASKED) {
      return mask;
    }
    return draw < MASKED + REPLACED ? random.nextLong(firstToken, vocabulary) : token;
  }
}
