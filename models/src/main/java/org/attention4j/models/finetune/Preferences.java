package org.attention4j.models.finetune;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import org.attention4j.models.data.Example;
import org.attention4j.models.huggingface.Checkpoint;
import org.attention4j.nn.Model;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.HostTensor;

/**
 * Learning from pairs of completions, see {@link PreferenceLoss}. The reference is the checkpoint
 * that training starts from, without an adapter; what it says of all examples is computed once.
 */
public final class Preferences implements Guide {
  private final Lesson lesson;
  private final Engine engine;
  private final SessionOptions options;
  private final PreferenceLoss loss;
  private final int batch;

  private Preferences(
      Lesson lesson, Engine engine, SessionOptions options, PreferenceLoss loss, int batch) {
    this.lesson = lesson;
    this.engine = engine;
    this.options = options;
    this.loss = loss;
    this.batch = batch;
  }

  /**
   * Lets the reference read all examples.
   *
   * @param plain lesson of {@link Objective#PREFER}
   * @param beta see {@link PreferenceLoss}
   * @param smoothing see {@link PreferenceLoss}
   * @param batch pairs that are read at a time
   */
  public static Preferences of(
      Lesson plain,
      Engine engine,
      SessionOptions options,
      double beta,
      double smoothing,
      int batch) {
    CompletionScore score = new CompletionScore(plain.checkpoint().model());
    PreferenceLoss loss = new PreferenceLoss(score, beta, smoothing);
    Preferences unread = new Preferences(plain, engine, options, loss, batch);
    List<double[]> reference = unread.read(plain.checkpoint(), plain.examples());
    List<Example> examples = new ArrayList<>();
    for (int i = 0; i < reference.size(); i++) {
      examples.add(known(plain.examples().get(i), reference.get(i)));
    }
    Set<String> inputs = new LinkedHashSet<>(plain.inputs());
    inputs.add(PreferenceLoss.REFERENCE);
    Lesson read =
        new Lesson(
            plain.objective(),
            plain.checkpoint(),
            plain.fresh(),
            examples,
            plain.collator(),
            inputs);
    return new Preferences(read, engine, options, loss, batch);
  }

  private static Example known(Example example, double[] reference) {
    double[] labels = example.labels();
    return new Example(
        example.tokens(),
        example.types(),
        example.partner(),
        new double[] {labels[0], labels[1], reference[0], reference[1]},
        example.line());
  }

  /** The log-probabilities of both completions of each example. */
  private List<double[]> read(Checkpoint model, List<Example> some) {
    List<double[]> all = new ArrayList<>();
    try (Session session = engine.open(Program.of(loss.score()), model.weights(), options)) {
      for (int from = 0; from < some.size(); from += batch) {
        List<Example> rows = some.subList(from, Math.min(some.size(), from + batch));
        Map<String, HostTensor> inputs =
            new LinkedHashMap<>(lesson.collator().collate(rows, new SplittableRandom(0)));
        inputs.remove(PreferenceLoss.REFERENCE);
        double[] both =
            Objects.requireNonNull(session.run(inputs).get(CompletionScore.LOG_PROBABILITIES))
                .toDoubleArray();
        for (int i = 0; i < rows.size(); i++) {
          all.add(new double[] {both[2 * i], both[2 * i + 1]});
        }
      }
    }
    return all;
  }

  @Override
  public Lesson lesson() {
    return lesson;
  }

  @Override
  public Model learning() {
    return loss;
  }

  @Override
  public Scores score(Checkpoint model, List<Example> some) {
    return PreferenceScores.of(read(model, some), some, loss.beta());
  }
}
