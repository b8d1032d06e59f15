package org.attention4j.models.finetune;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import org.attention4j.models.data.Collator;
import org.attention4j.models.data.Example;
import org.attention4j.models.huggingface.Checkpoint;
import org.attention4j.models.huggingface.PretrainedSession;
import org.attention4j.spi.Engine;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.HostTensor;

/** What a model says of examples, as they were read for training. */
final class Predictions implements AutoCloseable {
  private static final Set<String> TARGETS = Set.of("labels", "start_positions", "end_positions");

  private final PretrainedSession session;
  private final Collator collator;
  private final int batch;

  private Predictions(PretrainedSession session, Collator collator, int batch) {
    this.session = session;
    this.collator = collator;
    this.batch = batch;
  }

  /** Takes what the model says of an example. */
  @FunctionalInterface
  interface Rows {
    /**
     * One example's row.
     *
     * @param row all values of the output for it, those of padding included
     */
    void take(Example example, float[] row);
  }

  /**
   * Opens a model.
   *
   * @param batch examples at a time
   */
  static Predictions open(
      Checkpoint checkpoint, Lesson lesson, Engine engine, SessionOptions options, int batch) {
    List<String> inputs = new ArrayList<>(lesson.inputs());
    inputs.removeAll(TARGETS);
    return new Predictions(
        checkpoint.session(engine, options, inputs, Set.of()), lesson.collator(), batch);
  }

  /** Runs examples, in their order. */
  void each(List<Example> examples, String output, Rows rows) {
    for (int from = 0; from < examples.size(); from += batch) {
      List<Example> some = examples.subList(from, Math.min(examples.size(), from + batch));
      Map<String, HostTensor> inputs =
          new LinkedHashMap<>(collator.collate(some, new SplittableRandom(0)));
      inputs.keySet().removeAll(TARGETS);
      HostTensor result = session.run(inputs).get(output);
      float[] all = Objects.requireNonNull(result, "no output " + output).toFloatArray();
      int size = all.length / some.size();
      for (int i = 0; i < some.size(); i++) {
        rows.take(some.get(i), Arrays.copyOfRange(all, i * size, (i + 1) * size));
      }
    }
  }

  /** The number of the largest of some values. */
  static int best(float[] values, int from, int count) {
    int best = 0;
    for (int i = 1; i < count; i++) {
      best = values[from + i] > values[from + best] ? i : best;
    }
    return best;
  }

  @Override
  public void close() {
    session.close();
  }
}
