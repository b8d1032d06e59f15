package org.attention4j.models.finetune;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.attention4j.error.UsageException;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.Task;

/** What a model is trained for, and what a line of the data holds. */
public enum Objective {
  /** The next token; a line is a text. */
  CAUSAL(Task.CAUSAL_LM),
  /** Tokens behind masks; a line is a text. */
  MASKED(Task.MASKED_LM),
  /** A text from a text: {@code source<TAB>target}. */
  SEQ2SEQ(Task.SEQ2SEQ_LM),
  /** A class: {@code label<TAB>text}, or {@code label<TAB>text<TAB>text}. */
  CLASSIFY(Task.SEQUENCE_CLASSIFICATION),
  /** Classes of which any number may hold: {@code label,label<TAB>text}, or with two texts. */
  MULTI_LABEL(Task.SEQUENCE_CLASSIFICATION),
  /** A number: {@code number<TAB>text}, or with two texts. */
  REGRESS(Task.SEQUENCE_CLASSIFICATION),
  /**
   * A class for each word: a word and its label on a line, or JSON lines, see {@code
   * docs/fine-tuning.md}.
   */
  CLASSIFY_TOKENS(Task.TOKEN_CLASSIFICATION),
  /**
   * Where the answer to a question stands: SQuAD's JSON, or JSON lines, see {@link QuestionFile}.
   */
  ANSWER(Task.QUESTION_ANSWERING),
  /**
   * Sentences near those that belong to them: {@code sentence<TAB>sentence}; the partners of the
   * others in a batch are wrong answers (Henderson et al. 2017, section 4.4).
   */
  CONTRASTIVE(Task.FEATURES),
  /**
   * Which of two completions is the better one: JSON lines with {@code prompt}, {@code chosen} and
   * {@code rejected}; see {@link PreferenceLoss}.
   */
  PREFER(Task.CAUSAL_LM),
  /** What a larger model says of the next token; a line is a text. See {@link DistillationLoss}. */
  DISTILL(Task.CAUSAL_LM);

  private final Task task;

  Objective(Task task) {
    this.task = task;
  }

  /** The head that it trains. */
  public Task task() {
    return task;
  }

  /** As users write it: {@code causal}, {@code classify-tokens}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * The objective that users call so.
   *
   * @throws UsageException if there is none
   */
  public static Objective of(String label) {
    List<String> labels = Arrays.stream(values()).map(Objective::label).toList();
    return Arrays.stream(values())
        .filter(o -> o.label().equals(label))
        .findFirst()
        .orElseThrow(
            () -> new UsageException("an objective is one of " + labels + ", not '" + label + "'"));
  }

  /**
   * The usual objective of a model: of its head, and of a classifier's {@code problem_type}.
   *
   * @throws UsageException if the head is for something else
   */
  public static Objective of(Pretrained model) {
    Task task = model.task() == Task.PRETRAINING ? Task.MASKED_LM : model.task();
    if (task == Task.SEQUENCE_CLASSIFICATION) {
      return ofClassifier(model.config());
    }
    return Arrays.stream(values())
        .filter(o -> o.task == task)
        .findFirst()
        .orElseThrow(() -> new UsageException("there is no objective for " + task.label()));
  }

  /** Without {@code problem_type} a single label is a number. */
  private static Objective ofClassifier(Config config) {
    Objective usual = LabelNames.of(config).size() == 1 ? REGRESS : CLASSIFY;
    return switch (config.text("problem_type", "")) {
      case "regression" -> REGRESS;
      case "multi_label_classification" -> MULTI_LABEL;
      case "single_label_classification" -> CLASSIFY;
      default -> usual;
    };
  }

  /** What {@code problem_type} calls it; empty for heads that have no such entry. */
  String problemType() {
    return switch (this) {
      case CLASSIFY -> "single_label_classification";
      case MULTI_LABEL -> "multi_label_classification";
      case REGRESS -> "regression";
      default -> "";
    };
  }
}
