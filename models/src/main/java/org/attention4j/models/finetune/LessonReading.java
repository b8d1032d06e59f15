package org.attention4j.models.finetune;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SplittableRandom;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.UsageException;
import org.attention4j.models.data.Collator;
import org.attention4j.models.data.Collators;
import org.attention4j.models.data.Example;
import org.attention4j.models.family.Config;
import org.attention4j.models.finetune.Lesson.Request;
import org.attention4j.models.huggingface.Checkpoint;
import org.attention4j.models.huggingface.NewHead;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.models.text.GenerationConfig;
import org.attention4j.models.text.Passages;
import org.attention4j.models.token.JsonTokenizer;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;

/** One reading of a file for a checkpoint: the head that its objective needs, and the examples. */
final class LessonReading {
  private static final int USUAL_LENGTH = 128;

  private final Checkpoint original;
  private final JsonTokenizer tokenizer;
  private final Path file;
  private final String text;
  private final Request request;
  private final Config config;
  private final GenerationConfig generation;
  private final ExampleReader reader;
  private final int longest;
  private final boolean running;

  LessonReading(
      Checkpoint original,
      JsonTokenizer tokenizer,
      JsonTokenizer targets,
      Path file,
      String text,
      Request request) {
    this.original = original;
    this.tokenizer = tokenizer;
    this.file = file;
    this.text = text;
    this.request = request;
    this.config = original.model().config();
    this.generation = GenerationConfig.read(original.path());
    int context = original.model().context();
    if (request.longest() > context) {
      throw new UsageException(
          "texts of " + request.longest() + " tokens are longer than the model's " + context);
    }
    int usual = request.objective() == Objective.ANSWER ? Passages.USUAL : USUAL_LENGTH;
    this.longest = request.longest() == 0 ? Math.min(context, usual) : request.longest();
    this.reader = new ExampleReader(file, tokenizer, targets, longest, end());
    this.running = request.running();
    Objective objective = request.objective();
    boolean texts =
        objective == Objective.CAUSAL
            || objective == Objective.DISTILL
            || objective == Objective.MASKED;
    if (running && !texts) {
      throw new UsageException(
          "a running text is for causal, distill and masked; "
              + objective.label()
              + " reads lines");
    }
  }

  private OptionalLong end() {
    Set<Long> ends = new LinkedHashSet<>(generation.stopTokens());
    OptionalLong usual = tokenizer.special("<eos>");
    if (ends.isEmpty() || (usual.isPresent() && ends.contains(usual.getAsLong()))) {
      return usual;
    }
    return OptionalLong.of(ends.iterator().next());
  }

  private long padding() {
    OptionalLong named = generation.padToken();
    if (config.has("pad_token_id")) {
      return config.id("pad_token_id", 0);
    }
    return named.isPresent() ? named.getAsLong() : tokenizer.special("<pad>").orElse(0);
  }

  /** Whether the model tells two texts apart by the types of their tokens. */
  private boolean types() {
    return original.model().readsTypes();
  }

  Lesson lesson() {
    return switch (request.objective()) {
      case CAUSAL, DISTILL -> causal();
      case PREFER -> preferences();
      case MASKED -> masked();
      case SEQ2SEQ ->
          lesson(headed(List.of()), reader.translations(text), Collators.seq2seq(padding()));
      case CONTRASTIVE ->
          lesson(headed(List.of()), reader.sentences(text), Collators.pairs(padding(), types()));
      case CLASSIFY -> classifier() && known().size() == 1 ? numbers() : classes();
      case MULTI_LABEL -> several();
      case REGRESS -> numbers();
      case CLASSIFY_TOKENS -> words();
      case ANSWER ->
          lesson(
              headed(List.of()),
              new AnswerExamples(file, tokenizer, longest).of(QuestionFile.read(file, text)),
              Collators.answers(padding(), takesMask(), types()));
    };
  }

  private Lesson preferences() {
    if (original.model().task() != Task.CAUSAL_LM) {
      throw new UsageException(
          original.path()
              + " is for "
              + original.model().task().label()
              + "; prefer goes on with a decoder that writes texts");
    }
    requireWholeDecoder();
    List<PreferenceFile.Pair> pairs = PreferenceFile.read(file, text);
    return lesson(
        headed(List.of()),
        new PreferenceExamples(file, tokenizer, longest, end()).of(pairs),
        new PreferenceCollator(padding()));
  }

  private Lesson causal() {
    requireWholeDecoder();
    return lesson(
        headed(List.of()),
        running ? reader.windows(text) : reader.texts(text, true),
        Collators.causal(padding()));
  }

  /** Of a decoder cut from an encoder-decoder transformers' loss wants labels that are shifted. */
  private void requireWholeDecoder() {
    if (original.model().task() == Task.CAUSAL_LM && config.has("decoder_layers")) {
      throw new UsageException(
          original.path()
              + " holds the decoder of an encoder-decoder alone, which is not trained here; train"
              + " the encoder-decoder with --objective seq2seq");
    }
  }

  private Lesson masked() {
    long mask =
        tokenizer
            .special("<mask>")
            .orElseThrow(
                () ->
                    new UsageException(
                        original.path() + ": the tokenizer has no mask token for masked"));
    NewHead head = headed(List.of());
    List<Example> examples = running ? reader.windows(text) : reader.texts(text, false);
    long words = Math.min(tokenizer.size(), head.checkpoint().model().vocabulary());
    return lesson(
        head, examples, Collators.masked(padding(), types(), mask, reader.specials(), words));
  }

  private boolean classifier() {
    return original.model().task() == Task.SEQUENCE_CLASSIFICATION;
  }

  private Map<String, Double> known() {
    return LabelNames.of(config);
  }

  private Lesson classes() {
    List<String> labels = reader.labels(text, false);
    boolean kept = classifier() && LabelNames.cover(known(), labels);
    NewHead head = classes(Objective.CLASSIFY, kept ? List.of() : several(labels));
    Map<String, Double> ids = kept ? known() : LabelNames.of(labels);
    return lesson(
        head,
        reader.labelled(text, false, label -> new double[] {LabelNames.id(ids, label)}),
        Collators.classes(padding(), takesMask(), types()));
  }

  /** Any number of classes of each text. */
  private Lesson several() {
    List<String> labels =
        reader.labels(text, true).stream()
            .flatMap(l -> LabelNames.split(l).stream())
            .distinct()
            .sorted()
            .toList();
    boolean kept = classifier() && LabelNames.cover(known(), labels);
    if (labels.isEmpty()) {
      throw new FileFormatException(file, "no line has a label");
    }
    NewHead head = classes(Objective.MULTI_LABEL, kept ? List.of() : labels);
    Map<String, Double> ids = kept ? known() : LabelNames.of(labels);
    return lesson(
        head,
        reader.labelled(text, true, field -> LabelNames.marks(ids, field)),
        Collators.numbers(padding(), takesMask(), types(), true));
  }

  /** A number for each text, or as many as the model has. */
  private Lesson numbers() {
    boolean learned = classifier() && Objective.of(original.model()) == Objective.REGRESS;
    int count = learned ? known().size() : 1;
    boolean kept = learned || (classifier() && known().size() == 1);
    NewHead head = classes(Objective.REGRESS, kept ? List.of() : List.of("LABEL_0"));
    return lesson(
        Objective.REGRESS,
        head,
        reader.labelled(text, false, field -> LabelNames.numbers(field, count)),
        Collators.numbers(padding(), takesMask(), types(), false));
  }

  private Lesson words() {
    TaggedFile tagged = TaggedFile.read(file, text);
    List<String> labels = tagged.labels();
    boolean tagger = original.model().task() == Task.TOKEN_CLASSIFICATION;
    boolean kept = tagger && LabelNames.cover(known(), labels);
    List<String> names =
        kept
            ? List.of()
            : several(tagged.numbered() ? LabelNames.numbered(config, labels) : labels);
    Map<String, Double> ids = kept ? known() : LabelNames.of(names);
    return lesson(
        headed(names),
        new TokenExamples(file, tokenizer, longest)
            .of(tagged.sentences(), label -> LabelNames.id(ids, label)),
        Collators.tokens(padding(), takesMask(), types()));
  }

  /** Labels for a new head. */
  private List<String> several(List<String> labels) {
    if (labels.size() == 1) {
      throw new FileFormatException(
          file, "has only one label, '" + labels.get(0) + "'; there is nothing to tell apart");
    }
    return labels;
  }

  /** Decoders find the last token themselves, and need no mask. */
  private boolean takesMask() {
    TensorType mask = original.model().allInputs().get("attention_mask");
    TensorType tokens = original.model().allInputs().get("input_ids");
    return mask != null && mask.equals(tokens);
  }

  /** The head of a classifier that learns by an objective, with other labels if some are given. */
  private NewHead classes(Objective objective, List<String> labels) {
    boolean same = classifier() && Objective.of(original.model()) == objective;
    return same && labels.isEmpty() ? new NewHead(original, List.of()) : fresh(objective, labels);
  }

  private NewHead headed(List<String> labels) {
    boolean same = original.model().task() == request.objective().task();
    return same && labels.isEmpty()
        ? new NewHead(original, List.of())
        : fresh(request.objective(), labels);
  }

  private NewHead fresh(Objective objective, List<String> labels) {
    Weights stored = request.fresh() ? original.named() : Weights.load(original.path());
    NewHead.Classes classes = new NewHead.Classes(labels, objective.problemType());
    return NewHead.on(original, stored, objective.task(), classes, padding(), request.seed());
  }

  private Lesson lesson(NewHead head, List<Example> examples, Collator collator) {
    return lesson(request.objective(), head, examples, collator);
  }

  private Lesson lesson(
      Objective objective, NewHead head, List<Example> examples, Collator collator) {
    if (examples.isEmpty()) {
      throw new FileFormatException(file, "has no example");
    }
    Pretrained model = head.checkpoint().model();
    for (Example example : examples) {
      requireBelow(model.sourceVocabulary(), example.tokens());
      requireBelow(model.vocabulary(), example.partner());
    }
    List<Example> two = new ArrayList<>(examples.subList(0, 1));
    Set<String> inputs = collator.collate(two, new SplittableRandom(0)).keySet();
    return new Lesson(objective, head.checkpoint(), head.fresh(), examples, collator, inputs);
  }

  private void requireBelow(int vocabulary, long... ids) {
    for (long id : ids) {
      if (id >= vocabulary) {
        throw new UsageException(
            "the tokenizer writes "
                + id
                + ", but the model has only "
                + vocabulary
                + " tokens: they do not belong together");
      }
    }
  }
}
