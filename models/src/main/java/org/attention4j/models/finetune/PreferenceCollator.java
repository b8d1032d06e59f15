package org.attention4j.models.finetune;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.attention4j.models.data.Collator;
import org.attention4j.models.data.Example;
import org.attention4j.tensor.HostTensor;

/**
 * Pairs of completions as {@link CompletionScore} reads them: {@code input_ids} and {@code targets}
 * [batch, 2, time], padded on the right, and {@code reference} [batch, 2] where the reference has
 * read the examples.
 *
 * @param padding id behind a shorter text
 */
record PreferenceCollator(long padding) implements Collator {
  private static final long IGNORED = -100;

  @Override
  public Map<String, HostTensor> collate(List<Example> rows, SplittableRandom random) {
    int time =
        rows.stream()
            .mapToInt(r -> Math.max(r.tokens().length, r.partner().length))
            .max()
            .orElse(0);
    long[] ids = new long[2 * rows.size() * time];
    long[] targets = new long[ids.length];
    Arrays.fill(ids, padding);
    Arrays.fill(targets, IGNORED);
    boolean read = true;
    float[] reference = new float[2 * rows.size()];
    for (int i = 0; i < reference.length; i++) {
      Example row = rows.get(i / 2);
      long[] own = i % 2 == 0 ? row.tokens() : row.partner();
      int start = (int) row.labels()[i % 2];
      System.arraycopy(own, 0, ids, i * time, own.length);
      System.arraycopy(own, start, targets, i * time + start - 1, own.length - start);
      read &= row.labels().length == 4;
      reference[i] = read ? (float) row.labels()[2 + i % 2] : 0;
    }
    Map<String, HostTensor> inputs = new LinkedHashMap<>();
    inputs.put("input_ids", HostTensor.of(ids, rows.size(), 2, time));
    inputs.put("targets", HostTensor.of(targets, rows.size(), 2, time));
    if (read) {
      inputs.put(PreferenceLoss.REFERENCE, HostTensor.of(reference, rows.size(), 2));
    }
    return inputs;
  }
}
