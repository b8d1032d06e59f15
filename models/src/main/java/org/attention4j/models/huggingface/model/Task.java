package org.attention4j.models.huggingface.model;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What stands on top of the layers, told by the end of a class's name in {@code architectures}. */
public enum Task {
  /** The layers alone: {@code last_hidden_state}. */
  FEATURES("Model", "ModelWithProjection"),
  /** The next token: {@code logits} [batch, time, vocabulary]. */
  CAUSAL_LM("ForCausalLM", "LMHeadModel"),
  /** Tokens behind a mask: {@code logits} [batch, time, vocabulary]. */
  MASKED_LM("ForMaskedLM"),
  /**
   * What BERT was first trained for: {@code prediction_logits} [batch, time, vocabulary] of tokens
   * behind a mask, {@code seq_relationship_logits} [batch, 2] of two texts.
   */
  PRETRAINING("ForPreTraining"),
  /** Whether the second text does not follow the first: {@code logits} [batch, 2]. */
  NEXT_SENTENCE_PREDICTION("ForNextSentencePrediction"),
  /** A class for each sequence: {@code logits} [batch, labels]. */
  SEQUENCE_CLASSIFICATION("ForSequenceClassification"),
  /** A class for each token: {@code logits} [batch, time, labels]. */
  TOKEN_CLASSIFICATION("ForTokenClassification"),
  /**
   * Where the answer to a question stands: {@code start_logits}, {@code end_logits} [batch, time].
   */
  QUESTION_ANSWERING("ForQuestionAnswering"),
  /** One of several texts: {@code logits} [batch, choices]. */
  MULTIPLE_CHOICE("ForMultipleChoice"),
  /**
   * The next token, and one of several texts: {@code logits} [batch, choices, time, vocabulary],
   * {@code mc_logits} [batch, choices].
   */
  DOUBLE_HEADS("DoubleHeadsModel"),
  /** A sequence from a sequence: {@code logits} [batch, time, vocabulary]. */
  SEQ2SEQ_LM("ForConditionalGeneration", "MTModel"),
  /** A class for each image: {@code logits} [batch, labels]. */
  IMAGE_CLASSIFICATION("ForImageClassification", "ForImageClassificationWithTeacher"),
  /** Images of which parts are hidden: {@code reconstruction} [batch, channels, height, width]. */
  MASKED_IMAGE_MODELING("ForMaskedImageModeling"),
  /** A class for each sound: {@code logits} [batch, labels]. */
  AUDIO_CLASSIFICATION("ForAudioClassification");

  /** Ends of classes that are no layers alone, whatever they are called. */
  private static final List<String> OTHERS = List.of("DecisionTransformerGPT2Model");

  /** Families whose class for the next token has another name than the others'. */
  private static final List<String> LM_HEADS = List.of("GPT2", "Bert");

  @SuppressWarnings("ImmutableEnumChecker") // List.of makes it immutable
  private final List<String> suffixes;

  Task(String... suffixes) {
    this.suffixes = List.of(suffixes);
  }

  /** The task of a class such as {@code GPT2LMHeadModel}: the longest end that fits. */
  public static Optional<Task> ofClass(String architecture) {
    if (architecture.equals("Gemma3ForConditionalGeneration")) {
      return Optional.of(CAUSAL_LM); // from pictures and texts
    }
    return Arrays.stream(values())
        .filter(task -> OTHERS.stream().noneMatch(architecture::endsWith))
        .filter(task -> task.length(architecture) > 0)
        .max(Comparator.comparingInt(task -> task.length(architecture)));
  }

  /** A class name without the end that names its task: {@code GPT2} of {@code GPT2LMHeadModel}. */
  public static String stem(String architecture) {
    boolean known = ofClass(architecture).isPresent();
    int end =
        known ? Arrays.stream(values()).mapToInt(t -> t.length(architecture)).max().orElse(0) : 0;
    return architecture.substring(0, architecture.length() - end);
  }

  /** The usual class of this task for a stem. */
  public String className(String stem) {
    return switch (this) {
      case CAUSAL_LM -> stem + (LM_HEADS.contains(stem) ? "LMHeadModel" : "ForCausalLM");
      case SEQ2SEQ_LM -> stem + (stem.equals("Marian") ? "MTModel" : "ForConditionalGeneration");
      default -> stem + suffixes.get(0);
    };
  }

  private int length(String architecture) {
    return suffixes.stream()
        .filter(architecture::endsWith)
        .mapToInt(String::length)
        .max()
        .orElse(0);
  }

  /** As in {@code causal-lm}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
