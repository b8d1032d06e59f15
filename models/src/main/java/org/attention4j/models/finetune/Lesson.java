package org.attention4j.models.finetune;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import org.attention4j.error.UsageException;
import org.attention4j.models.data.Collator;
import org.attention4j.models.data.Collators;
import org.attention4j.models.data.Example;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.Checkpoint;
import org.attention4j.models.huggingface.HuggingFace;
import org.attention4j.models.huggingface.NewHead;
import org.attention4j.models.huggingface.Pretrained;
import org.attention4j.models.huggingface.Task;
import org.attention4j.models.text.GenerationConfig;
import org.attention4j.models.token.JsonTokenizer;
import org.attention4j.models.token.Tokenizer;
import org.attention4j.models.token.Tokenizers;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;

/**
 * What a checkpoint learns from a file: the model with the head that the objective needs, the
 * examples, and how they become batches.
 *
 * @param checkpoint with the right head
 * @param fresh paths of its parameters that start at random; empty if the head was there
 * @param inputs names that the batches have
 */
public record Lesson(
    Checkpoint checkpoint,
    List<String> fresh,
    List<Example> examples,
    Collator collator,
    Set<String> inputs) {

  public Lesson {
    fresh = List.copyOf(fresh);
    examples = List.copyOf(examples);
    inputs = Set.copyOf(inputs);
  }

  /**
   * What is asked for.
   *
   * @param longest tokens of a text at most, 0 for what the model takes, but not over 128
   * @param running whether the file is one running text instead of lines
   * @param fresh whether the checkpoint's weights are random, and its directory's do not count
   * @param seed of a new head
   */
  public record Request(
      Objective objective, int longest, boolean running, boolean fresh, long seed) {}

  private static final int USUAL_LENGTH = 128;

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
    JsonTokenizer targets = Tokenizers.targets(original.path()).orElse(json);
    try {
      return new Reading(original, json, targets, file, text, request).lesson();
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

  /** One reading of a file. */
  private static final class Reading {
    private final Checkpoint original;
    private final JsonTokenizer tokenizer;
    private final String text;
    private final Request request;
    private final Config config;
    private final GenerationConfig generation;
    private final ExampleReader reader;
    private final boolean running;

    Reading(
        Checkpoint original,
        JsonTokenizer tokenizer,
        JsonTokenizer targets,
        Path file,
        String text,
        Request request) {
      this.original = original;
      this.tokenizer = tokenizer;
      this.text = text;
      this.request = request;
      this.config = original.model().config();
      this.generation = GenerationConfig.read(original.path());
      int context = original.model().context();
      if (request.longest > context) {
        throw new UsageException(
            "texts of " + request.longest + " tokens are longer than the model's " + context);
      }
      int longest = request.longest == 0 ? Math.min(context, USUAL_LENGTH) : request.longest;
      this.reader = new ExampleReader(file, tokenizer, targets, longest, end());
      this.running = request.running;
      Objective objective = request.objective;
      if (running && objective != Objective.CAUSAL && objective != Objective.MASKED) {
        throw new UsageException(
            "a running text is for causal and masked; " + objective.label() + " reads lines");
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

    private boolean takes(Pretrained model, String input) {
      return model.allInputs().containsKey(input);
    }

    Lesson lesson() {
      return switch (request.objective) {
        case CAUSAL -> causal();
        case MASKED -> masked();
        case SEQ2SEQ ->
            lesson(headed(List.of()), reader.translations(text), Collators.seq2seq(padding()));
        case CONTRASTIVE ->
            lesson(
                headed(List.of()),
                reader.sentences(text),
                Collators.pairs(padding(), takes(original.model(), "token_type_ids")));
        case CLASSIFY -> classes();
      };
    }

    /**
     * Of a decoder cut from an encoder-decoder transformers' loss wants labels that are shifted.
     */
    private Lesson causal() {
      if (original.model().task() == Task.CAUSAL_LM && config.has("decoder_layers")) {
        throw new UsageException(
            original.path()
                + " holds the decoder of an encoder-decoder alone, which is not trained here; train"
                + " the encoder-decoder with --objective seq2seq");
      }
      return lesson(
          headed(List.of()),
          running ? reader.windows(text) : reader.texts(text, true),
          Collators.causal(padding()));
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
      boolean types = takes(original.model(), "token_type_ids");
      return lesson(
          head, examples, Collators.masked(padding(), types, mask, reader.specials(), words));
    }

    private Lesson classes() {
      List<String> labels = reader.labels(text);
      Map<String, Double> known = LabelNames.of(config);
      boolean classifier = original.model().task() == Task.SEQUENCE_CLASSIFICATION;
      boolean number = classifier && known.size() == 1;
      boolean kept = classifier && (number || LabelNames.cover(known, labels));
      NewHead head = kept ? headed(List.of()) : fresh(labels);
      ToDoubleFunction<String> ids =
          number
              ? LabelNames::number
              : label -> LabelNames.id(kept ? known : LabelNames.of(labels), label);
      Pretrained model = head.checkpoint().model();
      return lesson(
          head,
          reader.labelled(text, ids),
          Collators.classes(padding(), masked(model), takes(model, "token_type_ids"), number));
    }

    /** Decoders find the last token themselves, and need no mask. */
    private static boolean masked(Pretrained model) {
      TensorType mask = model.allInputs().get("attention_mask");
      TensorType tokens = model.allInputs().get("input_ids");
      return mask != null && mask.equals(tokens);
    }

    private NewHead headed(List<String> labels) {
      boolean same = original.model().task() == request.objective.task();
      return same && labels.isEmpty() ? new NewHead(original, List.of()) : fresh(labels);
    }

    private NewHead fresh(List<String> labels) {
      Weights file = request.fresh ? original.named() : Weights.load(original.path());
      return NewHead.on(original, file, request.objective.task(), labels, padding(), request.seed);
    }

    private Lesson lesson(NewHead head, List<Example> examples, Collator collator) {
      if (examples.isEmpty()) {
        throw new UsageException("there is no example in the file");
      }
      Pretrained model = head.checkpoint().model();
      for (Example example : examples) {
        requireBelow(model.sourceVocabulary(), example.tokens());
        requireBelow(model.vocabulary(), example.partner());
      }
      List<Example> two = new ArrayList<>(examples.subList(0, 1));
      Set<String> inputs = collator.collate(two, new SplittableRandom(0)).keySet();
      return new Lesson(head.checkpoint(), head.fresh(), examples, collator, inputs);
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
}
