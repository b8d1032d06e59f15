package org.attention4j.models.run;

import java.nio.file.Path;
import org.attention4j.error.UsageException;
import org.attention4j.models.data.Batches;
import org.attention4j.models.family.Family;
import org.attention4j.models.family.Trainee;
import org.attention4j.models.token.Tokenizer;
import org.attention4j.spi.Engine;
import org.attention4j.spi.TrainerOptions;

/**
 * Everything a training run needs.
 *
 * @param trainee what is trained and how it is kept
 * @param directory of the model, the checkpoint and the figures
 * @param corpus what identifies the corpus
 */
public record TrainingPlan(
    Engine engine,
    Family model,
    Tokenizer tokenizer,
    Trainee trainee,
    Batches batches,
    TrainerOptions options,
    Pace pace,
    Path directory,
    String corpus) {

  /** A new model with its usual loss and inputs. */
  public TrainingPlan(
      Engine engine,
      Family model,
      Tokenizer tokenizer,
      Batches batches,
      TrainerOptions options,
      Pace pace,
      Path directory,
      String corpus) {
    this(
        engine,
        model,
        tokenizer,
        new NewModel(model, tokenizer),
        batches,
        options,
        pace,
        directory,
        corpus);
  }

  /**
   * How long and how often.
   *
   * @param steps optimizer steps in all
   * @param accumulation batches in a step
   * @param evaluateEvery steps between estimates of the losses, 0 for none before the end
   * @param evaluationBatches batches of an estimate
   * @param saveEvery steps between checkpoints, 0 for none before the end
   */
  public record Pace(
      long steps, int accumulation, long evaluateEvery, int evaluationBatches, long saveEvery) {
    public Pace {
      if (steps < 1 || accumulation < 1 || evaluationBatches < 1) {
        throw new UsageException(
            "steps, accumulation and evaluation batches are at least 1, not "
                + steps
                + ", "
                + accumulation
                + " and "
                + evaluationBatches);
      }
      if (evaluateEvery < 0 || saveEvery < 0) {
        throw new UsageException(
            "steps between evaluations and between checkpoints are 0 (only at the end) or more, not "
                + evaluateEvery
                + " and "
                + saveEvery);
      }
    }
  }
}
