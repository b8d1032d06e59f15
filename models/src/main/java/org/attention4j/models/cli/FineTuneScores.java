package org.attention4j.models.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.attention4j.error.UsageException;
import org.attention4j.models.data.Example;
import org.attention4j.models.directory.ModelDirectory;
import org.attention4j.models.finetune.Guide;
import org.attention4j.models.finetune.Lesson;
import org.attention4j.models.finetune.Objective;
import org.attention4j.models.finetune.Scores;
import org.attention4j.models.finetune.Translations;
import org.attention4j.models.huggingface.Checkpoint;
import org.attention4j.models.huggingface.FineTuning;
import org.attention4j.models.huggingface.HuggingFace;
import org.attention4j.models.text.TextGenerator;
import org.attention4j.models.token.Tokenizers;
import org.jspecify.annotations.Nullable;

/** How well the model of a run does on validation examples, where it starts and where it ends. */
final class FineTuneScores {
  private static final int USUAL = 1000;
  private static final int AT_ONCE = 32;

  private final FineTuneOptions tuning;
  private final EngineOptions engine;
  private final Guide guide;
  private final Lesson lesson;
  private final List<Example> validation;
  private final String text;

  /**
   * Of one run.
   *
   * @param validation examples that it does not learn from
   * @param text contents of the file that they are from
   * @throws UsageException if scores are asked for that the objective does not have
   */
  FineTuneScores(
      FineTuneOptions tuning,
      EngineOptions engine,
      Guide guide,
      List<Example> validation,
      String text) {
    this.tuning = tuning;
    this.engine = engine;
    this.guide = guide;
    this.lesson = guide.lesson();
    this.text = text;
    boolean scores = Lesson.scored(lesson.objective()) || lesson.objective() == Objective.SEQ2SEQ;
    Integer asked = tuning.scoreExamples;
    if (asked != null && asked < 0) {
      throw new UsageException("--score-examples is 0 or more, not " + asked);
    }
    if (asked != null && asked > 0 && !scores) {
      throw new UsageException(
          "--score-examples is for objectives that have a score besides the loss, not "
              + lesson.objective().label());
    }
    int usual = lesson.objective() == Objective.SEQ2SEQ || !scores ? 0 : USUAL;
    this.validation = lesson.first(validation, asked == null ? usual : asked);
  }

  /** Where training starts; null where nothing is scored. */
  @Nullable Scores before(Path from, Checkpoint original) {
    if (validation.isEmpty()) {
      return null;
    }
    if (lesson.objective() != Objective.SEQ2SEQ) {
      Checkpoint start = lesson.checkpoint();
      return scores(tuning.adapter == null ? start : start.adapted(tuning.adapter));
    }
    return translations(
        tuning.adapter == null
            ? new ModelDirectory(from, original.model(), original.weights(), Tokenizers.load(from))
            : ModelDirectory.open(from, tuning.adapter));
  }

  /** What was saved, read again. */
  @Nullable Scores after(Path from, FineTuning trainee, Path out) {
    if (validation.isEmpty()) {
      return null;
    }
    Path adapter = tuning.merge ? null : trainee.adapterIn(out);
    if (lesson.objective() == Objective.SEQ2SEQ) {
      return translations(
          adapter == null ? ModelDirectory.open(out) : ModelDirectory.open(from, adapter));
    }
    return scores(adapter == null ? HuggingFace.open(out) : lesson.checkpoint().adapted(adapter));
  }

  private Scores scores(Checkpoint checkpoint) {
    return guide.score(checkpoint, validation);
  }

  private Translations translations(ModelDirectory directory) {
    List<String> lines = text.lines().toList();
    List<String> sources = new ArrayList<>();
    List<String> references = new ArrayList<>();
    int longest = 1;
    for (Example example : validation) {
      String[] sides = lines.get(example.line()).split("\t", -1);
      sources.add(sides[0]);
      references.add(sides[1]);
      longest = Math.max(longest, example.partner().length);
    }
    try (TextGenerator generator =
        TextGenerator.open(directory, engine.engine(), engine.session(), true)) {
      return Translations.of(generator, sources, references, longest + 8, AT_ONCE);
    }
  }
}
