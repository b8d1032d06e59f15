package org.attention4j.spi;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.attention4j.error.UsageException;
import org.attention4j.tensor.HostTensor;

/**
 * The micro-batches of one optimizer step. Each weighs by the terms of its loss ({@link
 * org.attention4j.nn.Model#lossTerms}), so that the weighted sum of losses and of gradients is that
 * of all rows in one batch. Those without a term, whose mean would be 0 / 0, are left out unless
 * all are so.
 */
public record MicroBatches(List<Part> parts) {
  public MicroBatches {
    parts = List.copyOf(parts);
  }

  /**
   * One of them.
   *
   * @param index among all, those left out included: dropout draws by it
   * @param share of the step; together 1
   */
  public record Part(int index, Map<String, HostTensor> batch, double share) {}

  /**
   * Weighs batches.
   *
   * @throws UsageException if there is none, or one has an input that the program has not
   */
  public static MicroBatches of(Program program, List<Map<String, HostTensor>> batches) {
    if (batches.isEmpty()) {
      throw new UsageException("a step needs at least one micro-batch");
    }
    batches.forEach(batch -> program.checkNames(batch.keySet()));
    if (batches.size() == 1) {
      return new MicroBatches(List.of(new Part(0, batches.get(0), 1)));
    }
    long[] terms = new long[batches.size()];
    long sum = 0;
    for (int i = 0; i < terms.length; i++) {
      terms[i] = program.model().lossTerms(batches.get(i));
      sum += terms[i];
    }
    List<Part> parts = new ArrayList<>();
    for (int i = 0; i < terms.length; i++) {
      if (sum == 0 || terms[i] > 0) {
        double share = sum == 0 ? 1.0 / terms.length : (double) terms[i] / sum;
        parts.add(new Part(i, batches.get(i), share));
      }
    }
    return new MicroBatches(parts);
  }
}
