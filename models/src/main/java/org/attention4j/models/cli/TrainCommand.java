package org.attention4j.models.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.attention4j.error.Count;
import org.attention4j.error.UsageException;
import org.attention4j.graph.TraceOptions;
import org.attention4j.models.data.TextFile;
import org.attention4j.models.family.Family;
import org.attention4j.models.run.Evaluation;
import org.attention4j.models.run.TrainingPlan;
import org.attention4j.models.run.TrainingRun;
import org.attention4j.models.token.Tokenizer;
import org.attention4j.models.token.Tokenizers;
import org.attention4j.spi.TrainerOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "train",
    sortOptions = false,
    description = {
      "Train a new model on a text file, or with --from a published one further.",
      "Ctrl-C saves; --resume goes on exactly where it stopped. The defaults are nanoGPT's CPU"
          + " setting for tiny Shakespeare. For seq2seq the corpus has one pair a line: source, tab,"
          + " target."
    })
final class TrainCommand implements Callable<Integer> {
  /** Options that make no difference to the result. */
  private static final List<String> CHANGEABLE = List.of("checkpoint-every", "corpus", "data");

  @Option(names = "--corpus", paramLabel = "FILE", description = "UTF-8 text to learn from.")
  private @Nullable Path corpus;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "Directory for the model, its checkpoint and its losses.")
  @SuppressWarnings("NullAway.Init") // set by picocli
  private Path out;

  @Option(
      names = "--resume",
      description = "Go on from the checkpoint in DIR, with the options the run began with.")
  private boolean resume;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description =
          "Read options from a JSON object, such as {\"layers\": 6}. Options on the command line"
              + " win.")
  @SuppressWarnings("unused") // read by ArgumentFiles
  private Path config = Path.of("");

  @Mixin private EngineOptions engine = new EngineOptions();
  @Mixin private FineTuneOptions tuning = new FineTuneOptions();
  @Mixin private TrainOptions options = new TrainOptions();
  @Mixin private Common common = new Common();

  @Override
  public Integer call() {
    if (tuning.from != null && !resume) { // a resumed run has all its options from before
      FineTuneDefaults.apply(options, common.spec(), tuning.adapts());
    }
    if (resume) {
      ArgumentFiles.requireSame(common.spec(), out, CHANGEABLE);
    } else if (Files.exists(out.resolve(TrainingRun.CHECKPOINT))) {
      throw new UsageException(
          out
              + " holds a checkpoint already; add --resume to go on with it, or choose another --out");
    }
    if (tuning.from != null) {
      return new FineTuneRun(tuning, options, engine, common, corpus, out, resume).run();
    }
    if (!resume) {
      FineTuneDefaults.refuse(common.spec());
    }
    if (corpus == null) {
      throw new UsageException(
          "a new model needs --corpus, a text to learn from; --from goes on with one");
    }
    Writable.directory(out);
    String text = TextFile.read(corpus);
    try (Tokenizer tokenizer = tokenizer(text)) {
      TrainingPlan plan = plan(corpus, text, tokenizer);
      if (!resume) {
        plan.trainee().program().graph(TraceOptions.primitives()); // wrong sizes leave no directory
      }
      return OutputDirectory.during(out, out.resolve(TrainingRun.CHECKPOINT), () -> run(plan));
    }
  }

  private Tokenizer tokenizer(String text) {
    return resume
        ? Tokenizers.load(out)
        : Tokenizers.forCorpus(options.tokenizer, text, options.withSpecials());
  }

  private TrainingPlan plan(Path file, String text, Tokenizer tokenizer) {
    // From the options also when resuming: what reads config.json names its dropout otherwise, and
    // would draw other masks.
    Family model = options.family(tokenizer.size());
    TrainerOptions trainer =
        engine.training(
            TrainerOptions.of(options.optimizer())
                .clip(options.clip)
                .recomputing(options.recomputing)
                .withSeed(options.seed));
    return new TrainingPlan(
        engine.engine(),
        model,
        tokenizer,
        options.batches(file, text, tokenizer),
        trainer,
        options.pace(),
        out,
        TextFile.sha256(text));
  }

  private int run(TrainingPlan plan) {
    if (!resume) {
      ArgumentFiles.save(common.spec(), out);
    }
    try (Interruption interruption = new Interruption();
        Progress progress = new Progress(common)) {
      TrainingRun.Outcome outcome =
          new TrainingRun(plan, progress).run(resume, interruption::requested);
      progress.finish();
      report(outcome);
    }
    return Failures.DONE;
  }

  private void report(TrainingRun.Outcome outcome) {
    if (!outcome.finished()) {
      common.say(
          "Stopped after step %d of %d; saved. Go on with: train --resume --out %s"
              .formatted(outcome.step(), options.steps, out));
    }
    ObjectNode json = OutcomeJson.of(out, outcome);
    if (outcome.finished()) {
      Evaluation last = outcome.curve().get(outcome.curve().size() - 1);
      common.say(
          String.format(
              Locale.ROOT,
              "Trained %,d parameters for %s: training loss %.4f, validation loss %.4f"
                  + " (%s), %.4f (whole validation part).%n"
                  + "%.1f ms a step, %,.0f tokens a second. The model is in %s.",
              outcome.weights().parameterCount(),
              Count.of(outcome.step(), "step"),
              last.training(),
              last.validation(),
              Count.of(options.evaluationBatches, "random batch", "random batches"),
              outcome.wholeValidation(),
              outcome.millisecondsPerStep(),
              outcome.tokensPerSecond(),
              out));
    }
    common.result(json);
  }
}
