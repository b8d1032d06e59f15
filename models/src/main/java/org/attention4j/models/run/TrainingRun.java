package org.attention4j.models.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.LongFunction;
import org.attention4j.error.NonFiniteException;
import org.attention4j.error.StorageException;
import org.attention4j.error.UsageException;
import org.attention4j.error.WeightsException;
import org.attention4j.models.store.JsonFile;
import org.attention4j.spi.Program;
import org.attention4j.spi.StepResult;
import org.attention4j.spi.Trainer;
import org.attention4j.tensor.HostTensor;
import org.attention4j.train.TrainingCheckpoint;
import org.attention4j.weights.Weights;
import org.jspecify.annotations.Nullable;

/**
 * Trains a model, estimates its losses, and saves checkpoints from which it goes on bit by bit as
 * if it had not been interrupted.
 */
public final class TrainingRun {
  /** Where the state of the trainer is kept. */
  public static final String CHECKPOINT = "checkpoint.safetensors";

  private static final String CURVE = "losses.json";
  private static final String CORPUS = "corpus";

  private final TrainingPlan plan;
  private final TrainingListener listener;
  private final List<Evaluation> curve = new ArrayList<>();
  private double earlierSeconds;
  private long startedAt;
  private long startStep;
  private long trainedNanos;
  private @Nullable FrozenWeights frozen;

  /** A run that reports to a listener. */
  public TrainingRun(TrainingPlan plan, TrainingListener listener) {
    this.plan = plan;
    this.listener = listener;
  }

  /**
   * How a run ended.
   *
   * @param step steps made in all
   * @param finished false if it was asked to stop before
   * @param wholeValidation loss over the whole validation part; NaN if not finished
   * @param tokensPerSecond in training, evaluations not counted
   */
  public record Outcome(
      long step,
      boolean finished,
      double wholeValidation,
      double tokensPerSecond,
      double millisecondsPerStep,
      List<Evaluation> curve,
      Weights weights) {
    public Outcome {
      curve = List.copyOf(curve);
    }
  }

  /**
   * Trains from the beginning, or from the checkpoint in the directory.
   *
   * @param stop asked after every step; when true the run saves and returns
   * @throws StorageException if there is nothing to resume, or a file cannot be written
   * @throws WeightsException if the checkpoint is of another model
   * @throws UsageException if the checkpoint is of another corpus, or the weights that do not learn
   *     are others than it began with
   * @throws NonFiniteException if the loss is not finite; the last checkpoint stays
   */
  public Outcome run(boolean resume, BooleanSupplier stop) {
    Program program = plan.trainee().program();
    Path file = plan.directory().resolve(CHECKPOINT);
    if (resume && !Files.exists(file)) {
      throw new StorageException("there is nothing to resume: no checkpoint " + file);
    }
    Weights initial = plan.trainee().initial(plan.options().seed());
    try (Trainer trainer = plan.engine().train(program, initial, plan.options())) {
      if (resume) {
        restore(trainer, file);
      } else {
        plan.trainee().begin(plan.directory());
      }
      return loop(trainer, stop);
    }
  }

  private void restore(Trainer trainer, Path file) {
    TrainingCheckpoint checkpoint = TrainingCheckpoint.load(file);
    String corpus = checkpoint.metadata().getOrDefault(CORPUS, "");
    if (!corpus.equals(plan.corpus())) {
      throw new UsageException(
          "the corpus has changed since " + file + " was saved; resume with the same corpus");
    }
    Weights now = trainer.weights();
    frozen(now).addedTo(checkpoint, file, now).restore(trainer);
    startStep = checkpoint.state().step();
    Path curveFile = plan.directory().resolve(CURVE);
    if (Files.exists(curveFile)) {
      for (JsonNode e : JsonFile.read(curveFile).path("losses")) {
        if (e.path("step").asLong() <= startStep) {
          curve.add(
              new Evaluation(
                  e.path("step").asLong(),
                  e.path("training").asDouble(),
                  e.path("validation").asDouble(),
                  e.path("seconds").asDouble()));
        }
      }
    }
    earlierSeconds = curve.isEmpty() ? 0 : curve.get(curve.size() - 1).seconds();
  }

  private FrozenWeights frozen(Weights weights) {
    FrozenWeights known = frozen;
    if (known == null) { // they never change
      known = new FrozenWeights(weights, plan.options().optimizer());
      frozen = known;
    }
    return known;
  }

  private Outcome loop(Trainer trainer, BooleanSupplier stop) {
    TrainingPlan.Pace pace = plan.pace();
    startedAt = System.nanoTime();
    listener.started(trainer.description(), startStep, pace.steps());
    long step = startStep;
    while (step < pace.steps() && !stop.getAsBoolean()) {
      if (due(step, pace.evaluateEvery()) && !evaluatedAt(step) && !evaluate(trainer, step, stop)) {
        break;
      }
      step = step(trainer, step);
      if (due(step, pace.saveEvery()) && step < pace.steps()) {
        save(trainer);
      }
    }
    boolean finished = step >= pace.steps();
    if (finished && !evaluatedAt(step)) {
      evaluate(trainer, step, () -> false);
    }
    Weights weights = save(trainer);
    double whole = finished ? wholeValidation(trainer) : Double.NaN;
    double seconds = trainedNanos / 1e9;
    long steps = step - startStep;
    double tokens = (double) steps * pace.accumulation() * plan.batches().tokensPerBatch();
    return new Outcome(
        step,
        finished,
        whole,
        steps == 0 ? 0 : tokens / seconds,
        steps == 0 ? 0 : seconds * 1e3 / steps,
        curve,
        weights);
  }

  private static boolean due(long step, long interval) {
    return interval > 0 && step % interval == 0;
  }

  private boolean evaluatedAt(long step) {
    return !curve.isEmpty() && curve.get(curve.size() - 1).step() == step;
  }

  private long step(Trainer trainer, long done) {
    int accumulation = plan.pace().accumulation();
    List<Map<String, HostTensor>> microBatches = new ArrayList<>(accumulation);
    for (int i = 0; i < accumulation; i++) {
      microBatches.add(plan.batches().training(done * accumulation + i));
    }
    long before = System.nanoTime();
    StepResult result = trainer.step(microBatches);
    trainedNanos += System.nanoTime() - before;
    listener.stepped(result, accumulation * plan.batches().tokensPerBatch());
    return result.step();
  }

  /** Whether it came to an end; an estimate that is stopped is made again by the resumed run. */
  private boolean evaluate(Trainer trainer, long step, BooleanSupplier stop) {
    int count = plan.pace().evaluationBatches();
    // The same batches each time, so that the curve has no noise of the choice.
    double training = mean(trainer, count, plan.batches()::trainingSample, stop);
    double validation = mean(trainer, count, plan.batches()::validation, stop);
    if (stop.getAsBoolean()) {
      return false;
    }
    double seconds = earlierSeconds + (System.nanoTime() - startedAt) / 1e9;
    Evaluation evaluation = new Evaluation(step, training, validation, seconds);
    curve.add(evaluation);
    listener.evaluated(evaluation);
    return true;
  }

  private double wholeValidation(Trainer trainer) {
    long count = plan.batches().validationBatches();
    return mean(trainer, count, plan.batches()::wholeValidation, () -> false);
  }

  /** Weighted by the targets that count. */
  private double mean(
      Trainer trainer,
      long count,
      LongFunction<Map<String, HostTensor>> source,
      BooleanSupplier stop) {
    double sum = 0;
    double weight = 0;
    for (long i = 0; i < count && !stop.getAsBoolean(); i++) {
      Map<String, HostTensor> batch = source.apply(i);
      long terms = plan.trainee().program().model().lossTerms(batch);
      HostTensor loss = trainer.evaluate(batch).get("loss");
      if (loss == null) {
        throw new UsageException("training needs a model with a scalar output 'loss'");
      }
      if (terms > 0) { // the mean of none is no number
        sum += loss.getDouble(0) * terms;
        weight += terms;
      }
    }
    return sum / weight;
  }

  /** The checkpoint first: it is what a killed run goes on from. */
  private Weights save(Trainer trainer) {
    TrainingCheckpoint checkpoint = TrainingCheckpoint.of(trainer, Map.of(CORPUS, plan.corpus()));
    Path file = plan.directory().resolve(CHECKPOINT);
    Weights weights = checkpoint.state().weights();
    frozen(weights).removedFrom(checkpoint).save(file);
    plan.trainee().save(plan.directory(), weights);
    ObjectNode json = JsonFile.object();
    json.set("losses", JsonFile.tree(curve));
    JsonFile.write(plan.directory().resolve(CURVE), json);
    listener.saved(file, checkpoint.state().step());
    return weights;
  }
}
