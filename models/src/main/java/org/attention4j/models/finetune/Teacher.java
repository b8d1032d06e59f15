package org.attention4j.models.finetune;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import org.attention4j.error.UsageException;
import org.attention4j.models.data.Batches;
import org.attention4j.models.data.Example;
import org.attention4j.models.data.ExampleBatches;
import org.attention4j.models.huggingface.Checkpoint;
import org.attention4j.models.huggingface.HuggingFace;
import org.attention4j.models.huggingface.PretrainedSession;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.models.token.JsonTokenizer;
import org.attention4j.models.token.Tokenizer;
import org.attention4j.models.token.Tokenizers;
import org.attention4j.nn.Model;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;

/** A larger model whose logits a student learns from, see {@link DistillationLoss}. */
public final class Teacher implements Guide {
  private final Lesson lesson;
  private final Checkpoint teacher;
  private final PretrainedSession session;
  private final Engine engine;
  private final SessionOptions options;
  private final Method method;

  /**
   * How a student learns.
   *
   * @param temperature see {@link DistillationLoss}
   * @param alpha see {@link DistillationLoss}
   * @param batch texts that are read at a time where scores are computed
   */
  public record Method(double temperature, double alpha, int batch) {
    /** The student's loss. */
    DistillationLoss loss(Pretrained student) {
      return new DistillationLoss(student.withLoss(), student.vocabulary(), temperature, alpha);
    }
  }

  private Teacher(
      Lesson lesson,
      Checkpoint teacher,
      PretrainedSession session,
      Engine engine,
      SessionOptions options,
      Method method) {
    this.lesson = lesson;
    this.teacher = teacher;
    this.session = session;
    this.engine = engine;
    this.options = options;
    this.method = method;
  }

  /**
   * Opens a directory as the teacher of a lesson.
   *
   * @param plain lesson of {@link Objective#DISTILL}
   * @param tokenizer that it was read with
   * @throws UsageException if it is no decoder that writes texts, has another vocabulary, or cannot
   *     read texts as long as the lesson's
   */
  public static Teacher open(
      Path directory,
      Lesson plain,
      Tokenizer tokenizer,
      Engine engine,
      SessionOptions options,
      Method method) {
    Checkpoint teacher = HuggingFace.open(directory);
    requireSame(teacher, plain, tokenizer);
    method.loss(plain.checkpoint().model()); // refuses numbers before a session is open
    Set<String> inputs = new LinkedHashSet<>(plain.inputs());
    inputs.add(DistillationLoss.TEACHER);
    Lesson lesson =
        new Lesson(
            plain.objective(),
            plain.checkpoint(),
            plain.fresh(),
            plain.examples(),
            plain.collator(),
            inputs);
    PretrainedSession session = teacher.session(engine, options, List.of("input_ids"), Set.of());
    return new Teacher(lesson, teacher, session, engine, options, method);
  }

  private static void requireSame(Checkpoint teacher, Lesson lesson, Tokenizer tokenizer) {
    Pretrained model = teacher.model();
    if (model.task() != Task.CAUSAL_LM || !model.causal()) {
      throw new UsageException(
          "the teacher "
              + teacher.path()
              + " is for "
              + model.task().label()
              + "; distill needs a decoder that writes texts");
    }
    int own = lesson.checkpoint().model().vocabulary();
    if (model.vocabulary() != own) {
      throw new UsageException(
          "the teacher "
              + teacher.path()
              + " has a vocabulary of "
              + model.vocabulary()
              + " tokens, the student one of "
              + own
              + "; distill needs the same one");
    }
    try (Tokenizer other = Tokenizers.load(teacher.path())) {
      boolean same =
          other instanceof JsonTokenizer one
              && tokenizer instanceof JsonTokenizer two
              && one.sharesVocabulary(two);
      if (!same) {
        throw new UsageException(
            "the vocabulary of the teacher "
                + teacher.path()
                + " has other tokens than the student's; distill needs the same one");
      }
    }
    int longest = lesson.examples().stream().mapToInt(e -> e.tokens().length).max().orElse(0);
    if (model.bounded() && longest > model.context()) {
      throw new UsageException(
          "a text has "
              + longest
              + " tokens, but the teacher reads at most "
              + model.context()
              + "; set --max-length to that");
    }
  }

  @Override
  public Lesson lesson() {
    return lesson;
  }

  @Override
  public Model learning() {
    return method.loss(lesson.checkpoint().model());
  }

  /** A batch with the logits of the teacher. */
  private Map<String, HostTensor> taught(Map<String, HostTensor> batch) {
    HostTensor ids = Objects.requireNonNull(batch.get("input_ids"));
    Map<String, HostTensor> all = new LinkedHashMap<>(batch);
    all.put(
        DistillationLoss.TEACHER,
        Objects.requireNonNull(session.run(Map.of("input_ids", ids)).get("logits")));
    return all;
  }

  @Override
  public Batches batches(ExampleBatches own) {
    return new Batches() {
      @Override
      public Map<String, HostTensor> training(long number) {
        return taught(own.training(number));
      }

      @Override
      public Map<String, HostTensor> trainingSample(long number) {
        return taught(own.trainingSample(number));
      }

      @Override
      public Map<String, HostTensor> validation(long number) {
        return taught(own.validation(number));
      }

      @Override
      public long validationBatches() {
        return own.validationBatches();
      }

      @Override
      public Map<String, HostTensor> wholeValidation(long number) {
        return taught(own.wholeValidation(number));
      }

      @Override
      public long tokensPerBatch() {
        return own.tokensPerBatch();
      }
    };
  }

  @Override
  public Scores score(Checkpoint student, List<Example> some) {
    double[] own = losses(student, some);
    return DistillationScores.of(some.size(), own[0], losses(teacher, some)[0], own[1]);
  }

  /** Cross-entropy and divergence of a model, in nats a token. */
  private double[] losses(Checkpoint model, List<Example> some) {
    DistillationLoss loss = method.loss(model.model());
    Map<String, TensorType> types = new LinkedHashMap<>(loss.inputs());
    types.keySet().retainAll(lesson.inputs());
    double[] sums = new double[2];
    long terms = 0;
    try (Session reader = engine.open(new Program(loss, types), model.weights(), options)) {
      for (int from = 0; from < some.size(); from += method.batch) {
        List<Example> rows = some.subList(from, Math.min(some.size(), from + method.batch));
        Map<String, HostTensor> batch =
            taught(lesson.collator().collate(rows, new SplittableRandom(0)));
        long count = loss.lossTerms(batch);
        if (count > 0) { // the mean of none is no number
          Map<String, HostTensor> means = reader.run(batch);
          sums[0] += count * mean(means, DistillationLoss.TOKEN_LOSS);
          sums[1] += count * mean(means, DistillationLoss.DIVERGENCE);
          terms += count;
        }
      }
    }
    return new double[] {sums[0] / terms, sums[1] / terms};
  }

  private static double mean(Map<String, HostTensor> means, String name) {
    return Objects.requireNonNull(means.get(name), name).getDouble(0);
  }

  @Override
  public void close() {
    session.close();
  }
}
