package org.attention4j.models.finetune;

import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.attention4j.error.UsageException;
import org.attention4j.models.data.Collator;
import org.attention4j.models.data.Example;
import org.attention4j.models.huggingface.Checkpoint;
import org.attention4j.models.huggingface.HuggingFace;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.models.text.QuestionAnswerer;
import org.attention4j.models.token.JsonTokenizer;
import org.attention4j.models.token.Tokenizer;
import org.attention4j.models.token.Tokenizers;
import org.attention4j.spi.Engine;
import org.attention4j.spi.SessionOptions;

/**
 * What a checkpoint learns from a file: the model with the head that the objective needs, the
 * examples, and how they become batches.
 *
 * @param objective that it learns by; of a model with one label {@link Objective#REGRESS} instead
 *     of {@link Objective#CLASSIFY}
 * @param checkpoint with the right head
 * @param fresh paths of its parameters that start at random; empty if the head was there
 * @param inputs names that the batches have
 */
public record Lesson(
    Objective objective,
    Checkpoint checkpoint,
    List<String> fresh,
    List<Example> examples,
    Collator collator,
    Set<String> inputs) {

  private static final int SCORED = 32; // at a time
  private static final List<String> HEADS = List.of("classifier", "score", "qa_outputs");

  public Lesson {
    fresh = List.copyOf(fresh);
    examples = List.copyOf(examples);
    inputs = Set.copyOf(inputs);
  }

  /**
   * What is asked for.
   *
   * @param longest tokens of a text at most, 0 for what the model takes, but not over 128, for
   *     answers 384
   * @param running whether the file is one running text instead of lines
   * @param fresh whether the checkpoint's weights are random, and its directory's do not count
   * @param seed of a new head
   */
  public record Request(
      Objective objective, int longest, boolean running, boolean fresh, long seed) {}

  /**
   * Reads a file for a checkpoint.
   *
   * @param text contents of the file
   * @throws UsageException if model, tokenizer and objective do not go together
   * @throws org.attention4j.error.FileFormatException if a line is of another kind
   */
  public static Lesson read(
      Checkpoint original, Tokenizer tokenizer, Path file, String text, Request request) {
    if (!(tokenizer instanceof JsonTokenizer json)) {
      throw new UsageException(
          original.path() + " needs a tokenizer of Hugging Face's for fine-tuning");
    }
    if (Tokenizers.separatesTargets(original.path())) {
      throw new UsageException(
          original.path()
              + " has a vocabulary for each side, which fine-tuning does not write; run, translate"
              + " and export serve it");
    }
    JsonTokenizer targets = Tokenizers.targets(original.path()).orElse(json);
    try {
      return new LessonReading(original, json, targets, file, text, request).lesson();
    } finally {
      if (targets != json) {
        targets.close();
      }
    }
  }

  /** Opens a directory and its tokenizer. */
  public static Lesson read(Path directory, Path file, String text, Request request) {
    try (Tokenizer tokenizer = Tokenizers.load(directory)) {
      return read(HuggingFace.open(directory), tokenizer, file, text, request);
    }
  }

  /**
   * Paths of the layers that an adapter trains as a whole: those that start at random, and the head
   * for classes or answers, which PEFT saves in any case.
   */
  public List<String> heads() {
    Set<String> heads = new LinkedHashSet<>();
    for (String path : checkpoint.weights().names()) {
      String top = path.replaceFirst("\\..*", "");
      if (scored(objective) && HEADS.contains(top)) {
        heads.add(top);
      } else if (fresh.contains(path)) {
        heads.add(path.replaceFirst("\\.[^.]+$", ""));
      }
    }
    return List.copyOf(heads);
  }

  /** Whether an objective has scores of {@link Guide#score}. */
  public static boolean scored(Objective objective) {
    return switch (objective) {
      case CLASSIFY, MULTI_LABEL, REGRESS, CLASSIFY_TOKENS, ANSWER, PREFER, DISTILL -> true;
      case CAUSAL, MASKED, SEQ2SEQ, CONTRASTIVE -> false;
    };
  }

  /** The examples of the first lines, all of each line. */
  public List<Example> first(List<Example> some, int lines) {
    Set<Integer> chosen = new LinkedHashSet<>();
    return some.stream()
        .filter(e -> chosen.contains(e.line()) || (chosen.size() < lines && chosen.add(e.line())))
        .toList();
  }

  /**
   * How well a model does on examples of this lesson.
   *
   * @param model with the head of {@link #checkpoint}
   * @param some not none
   * @param text contents of the file that they are from
   * @throws UsageException if the objective has no scores, or those of another {@link Guide}
   */
  public Scores score(
      Checkpoint model,
      Engine engine,
      SessionOptions options,
      List<Example> some,
      Path file,
      String text) {
    if (!scored(objective) || objective.task() == Task.CAUSAL_LM) {
      throw new UsageException(objective.label() + " has no score of its labels but its loss");
    }
    if (objective == Objective.ANSWER) {
      Set<Integer> lines = some.stream().map(Example::line).collect(Collectors.toSet());
      List<Question> all = QuestionFile.read(file, text);
      boolean none = all.stream().anyMatch(question -> question.answers().isEmpty());
      try (QuestionAnswerer answerer = QuestionAnswerer.open(model, engine, options)) {
        return AnswerScores.of(
            answerer, all.stream().filter(q -> lines.contains(q.line())).toList(), none, SCORED);
      }
    }
    try (Predictions predictions = Predictions.open(model, this, engine, options, SCORED)) {
      return objective == Objective.CLASSIFY_TOKENS
          ? TokenScores.of(predictions, some, LabelNames.list(model.model().config()))
          : ClassScores.of(predictions, some, objective);
    }
  }
}
