package org.attention4j.models.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.attention4j.error.Count;
import org.attention4j.error.UsageException;
import org.attention4j.models.data.Batches;
import org.attention4j.models.data.ExampleBatches;
import org.attention4j.models.data.TextFile;
import org.attention4j.models.finetune.Guide;
import org.attention4j.models.finetune.Lesson;
import org.attention4j.models.finetune.Objective;
import org.attention4j.models.finetune.Preferences;
import org.attention4j.models.finetune.Scores;
import org.attention4j.models.finetune.Teacher;
import org.attention4j.models.huggingface.Adapter;
import org.attention4j.models.huggingface.AdapterConfig;
import org.attention4j.models.huggingface.Checkpoint;
import org.attention4j.models.huggingface.FineTuning;
import org.attention4j.models.huggingface.HuggingFace;
import org.attention4j.models.report.FineTuningReport;
import org.attention4j.models.run.TrainingPlan;
import org.attention4j.models.run.TrainingRun;
import org.attention4j.models.store.JsonFile;
import org.attention4j.models.token.Tokenizer;
import org.attention4j.models.token.Tokenizers;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.train.AdamW;
import org.jspecify.annotations.Nullable;

/** One run of {@code train --from}. */
final class FineTuneRun {
  private static final int SHOWN = 8;

  private final FineTuneOptions tuning;
  private final TrainOptions options;
  private final EngineOptions engine;
  private final Common common;
  private final Path from;
  private final Path file;
  private final Path out;
  private final boolean resume;

  FineTuneRun(
      FineTuneOptions tuning,
      TrainOptions options,
      EngineOptions engine,
      Common common,
      @Nullable Path corpus,
      Path out,
      boolean resume) {
    this.tuning = tuning;
    this.options = options;
    this.engine = engine;
    this.common = common;
    this.from = Objects.requireNonNull(tuning.from);
    this.out = out;
    this.resume = resume;
    Path data = tuning.data;
    if ((data == null) == (corpus == null)) {
      throw new UsageException(
          "--from needs either --data, with an example on each line, or --corpus, a running text");
    }
    this.file = data == null ? Objects.requireNonNull(corpus) : data;
    if (tuning.rank > 0 && tuning.adapter != null) {
      throw new UsageException("--adapter goes on with an adapter, --lora-rank makes a new one");
    }
    if (tuning.merge && !tuning.adapts()) {
      throw new UsageException("--merge is for adapters: give --lora-rank or --adapter");
    }
    if (out.toAbsolutePath().normalize().equals(from.toAbsolutePath().normalize())) {
      throw new UsageException("--out is the directory --from; choose another one");
    }
  }

  int run() {
    Writable.directory(out);
    String text = TextFile.read(file);
    Checkpoint original =
        tuning.fresh ? HuggingFace.fresh(from, options.seed) : HuggingFace.open(from);
    try (Tokenizer tokenizer = Tokenizers.load(from)) {
      Objective objective = tuning.kind(original.model());
      Lesson plain =
          Lesson.read(
              original,
              tokenizer,
              file,
              text,
              new Lesson.Request(
                  objective, tuning.maxLength, tuning.data == null, tuning.fresh, options.seed));
      try (Guide guide = guide(plain, tokenizer, text)) {
        return run(original, tokenizer, text, guide);
      }
    }
  }

  private Guide guide(Lesson plain, Tokenizer tokenizer, String text) {
    if (plain.objective() == Objective.PREFER) {
      common.progress("The reference reads " + plain.examples().size() + " pairs");
    }
    return switch (plain.objective()) {
      case PREFER ->
          Preferences.of(
              plain,
              engine.engine(),
              engine.session(),
              tuning.beta(),
              tuning.preferenceSmoothing(),
              options.batch);
      case DISTILL ->
          Teacher.open(
              Objects.requireNonNull(tuning.teacher),
              plain,
              tokenizer,
              engine.engine(),
              engine.session(),
              new Teacher.Method(tuning.temperature(), tuning.distillAlpha(), options.batch));
      default -> Guide.labels(plain, engine.engine(), engine.session(), file, text);
    };
  }

  private int run(Checkpoint original, Tokenizer tokenizer, String text, Guide guide) {
    Lesson lesson = guide.lesson();
    FineTuning trainee = trainee(lesson).by(guide.learning());
    ExampleBatches batches =
        new ExampleBatches(
            lesson.examples(),
            options.trainingShare,
            lesson.collator(),
            options.batch,
            tuning.order(),
            options.seed);
    if (!(tuning.epochs >= 0 && Double.isFinite(tuning.epochs))) {
      throw new UsageException("--epochs is 0 (for --steps) or more, not " + tuning.epochs);
    }
    if (tuning.epochs > 0) {
      double steps = tuning.epochs * batches.batchesPerEpoch() / options.accumulation;
      options.steps = Math.max(1, Math.round(steps));
    }
    TrainingPlan plan = plan(lesson, trainee, tokenizer, guide.batches(batches), text);
    if (!lesson.fresh().isEmpty()) {
      common.progress("These weights start at random: " + String.join(", ", lesson.fresh()));
    }
    FineTuneScores scores = new FineTuneScores(tuning, engine, guide, batches.validation(), text);
    Scores before = scores.before(from, original);
    return OutputDirectory.during(
        out,
        out.resolve(TrainingRun.CHECKPOINT),
        () -> run(lesson.objective(), plan, trainee, scores, before));
  }

  private FineTuning trainee(Lesson lesson) {
    Checkpoint start = lesson.checkpoint();
    AdapterConfig fresh = tuning.adapterConfig();
    if (tuning.adapter != null) {
      Adapter adapter = Adapter.load(tuning.adapter, start.model());
      return FineTuning.lowRank(start, lesson.inputs(), adapter, tuning.merge);
    }
    if (fresh == null) {
      return FineTuning.full(start, lesson.inputs());
    }
    String base = from.toAbsolutePath().normalize().toString();
    AdapterConfig config = fresh.on(base, lesson.heads());
    if (config.layers(start.model()).isEmpty()) {
      throw new UsageException(
          "--lora-targets names nothing but the head, which is trained as a whole; name other"
              + " layers");
    }
    return FineTuning.lowRank(start, lesson.inputs(), Adapter.fresh(config), tuning.merge);
  }

  private TrainingPlan plan(
      Lesson lesson, FineTuning trainee, Tokenizer tokenizer, Batches batches, String text) {
    AdamW usual = options.optimizer();
    AdamW optimizer = usual.decaying(trainee.groups(usual.groups()));
    TrainerOptions trainer =
        engine.training(
            TrainerOptions.of(optimizer)
                .clip(options.clip)
                .recomputing(options.recomputing)
                .withSeed(options.seed));
    return new TrainingPlan(
        engine.engine(),
        lesson.checkpoint().model(),
        tokenizer,
        trainee,
        batches,
        trainer,
        options.pace(),
        out,
        TextFile.sha256(text));
  }

  private int run(
      Objective objective,
      TrainingPlan plan,
      FineTuning trainee,
      FineTuneScores scores,
      @Nullable Scores before) {
    if (!resume) {
      ArgumentFiles.save(common.spec(), out);
    }
    try (Interruption interruption = new Interruption();
        Progress progress = new Progress(common)) {
      TrainingRun.Outcome outcome =
          new TrainingRun(plan, progress).run(resume, interruption::requested);
      progress.finish();
      if (!outcome.finished()) {
        common.say(
            "Stopped after step %d of %d; saved. Go on with: train --resume --out %s"
                .formatted(outcome.step(), options.steps, out));
      }
      Scores after = outcome.finished() ? scores.after(from, trainee, out) : null;
      report(objective, trainee, outcome, before, after);
    }
    return Failures.DONE;
  }

  private void report(
      Objective objective,
      FineTuning trainee,
      TrainingRun.Outcome outcome,
      @Nullable Scores before,
      @Nullable Scores after) {
    ObjectNode json =
        OutcomeJson.of(out, outcome)
            .put("from", from.toString())
            .put("data", file.toString())
            .put("objective", objective.label())
            .put("trained_parameters", trainee.trainedCount(outcome.weights()));
    if (outcome.finished()) {
      json.set("losses", JsonFile.tree(outcome.curve()));
      if (before != null && after != null) {
        json.set("before", before.json(SHOWN));
        json.set("after", after.json(SHOWN));
      }
      JsonFile.write(out.resolve("report.json"), json);
      new FineTuningReport(json, SHOWN).write(out.resolve("report.html"));
      say(json, outcome, before, after);
    }
    common.result(json);
  }

  private void say(
      ObjectNode json,
      TrainingRun.Outcome outcome,
      @Nullable Scores before,
      @Nullable Scores after) {
    common.say(
        String.format(
            Locale.ROOT,
            "Trained %,d of %,d parameters for %s: whole validation loss %.4f."
                + " %.1f ms a step. The result is in %s.",
            json.path("trained_parameters").asLong(),
            outcome.weights().parameterCount(),
            Count.of(outcome.step(), "step"),
            outcome.wholeValidation(),
            outcome.millisecondsPerStep(),
            out));
    if (before != null && after != null) {
      Map<String, Double> now = after.measures();
      List<String> parts = new ArrayList<>();
      before
          .measures()
          .forEach(
              (name, value) ->
                  parts.add(
                      "%s %s before, %s after"
                          .formatted(
                              name.replace('_', ' '),
                              Scores.text(name, value),
                              Scores.text(name, now.getOrDefault(name, Double.NaN)))));
      common.say(
          String.join("; ", parts)
              + "; on "
              + Count.of(after.examples(), "validation example")
              + ".");
    }
  }
}
