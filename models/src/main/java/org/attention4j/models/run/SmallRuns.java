package org.attention4j.models.run;

import java.nio.file.Path;
import org.attention4j.models.data.NextTokenBatches;
import org.attention4j.models.data.Split;
import org.attention4j.models.data.TextFile;
import org.attention4j.models.family.Gpt;
import org.attention4j.models.token.Tokenizer;
import org.attention4j.spi.Engine;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.train.AdamW;
import org.attention4j.train.ParameterGroup;
import org.attention4j.train.Schedule;

/**
 * Plans of short runs of small GPTs.
 *
 * @param width of the model, which has heads of 16 features
 * @param rate highest learning rate
 */
public record SmallRuns(
    int context, int width, int layers, int batch, long steps, double rate, long seed) {
  private static final int HEAD = 16;
  private static final long WARM_UP = 20;

  /** The character model of the quick start. */
  public static SmallRuns characters(long seed) {
    return new SmallRuns(64, 96, 3, 16, 600, 2e-3, seed);
  }

  /** The word model of the quick start, whose vectors are looked at. */
  public static SmallRuns words(long seed) {
    return new SmallRuns(16, 48, 2, 32, 400, 3e-3, seed);
  }

  /** The same with another number of steps. */
  public SmallRuns steps(long count) {
    return new SmallRuns(context, width, layers, batch, count, rate, seed);
  }

  /** A run on a text, kept in a directory. */
  public TrainingPlan plan(Engine engine, Tokenizer tokenizer, String text, Path directory) {
    Gpt model = Gpt.nano(tokenizer.size(), context, width, width / HEAD, layers, 0);
    Split split = Split.of(tokenizer.encode(text), 0.9, context);
    Schedule schedule =
        Schedule.cosine(rate, rate / 10, Math.max(1, steps - WARM_UP)).afterWarmUp(WARM_UP);
    AdamW optimizer =
        AdamW.of(schedule).betas(0.9, 0.99).decaying(ParameterGroup.matricesDecay(0.1));
    long interval = Math.max(1, steps / 12);
    return new TrainingPlan(
        engine,
        model,
        tokenizer,
        new NextTokenBatches(split, batch, context, seed),
        // One thread: for such small products several cost more than they bring.
        TrainerOptions.of(optimizer).clip(1).withSeed(seed).withThreads(1),
        new TrainingPlan.Pace(steps, 1, interval, 4, 0),
        directory,
        TextFile.sha256(text));
  }
}
