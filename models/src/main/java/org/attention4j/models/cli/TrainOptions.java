package org.attention4j.models.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.attention4j.error.UsageException;
import org.attention4j.models.data.Batches;
import org.attention4j.models.data.MaskedBatches;
import org.attention4j.models.data.NextTokenBatches;
import org.attention4j.models.data.PairBatches;
import org.attention4j.models.data.Split;
import org.attention4j.models.family.Bert;
import org.attention4j.models.family.Family;
import org.attention4j.models.family.Gpt;
import org.attention4j.models.family.Llama;
import org.attention4j.models.family.Seq2Seq;
import org.attention4j.models.huggingface.family.Architectures;
import org.attention4j.models.run.TrainingPlan.Pace;
import org.attention4j.models.token.Tokenizer;
import org.attention4j.op.Activation;
import org.attention4j.train.AdamW;
import org.attention4j.train.ParameterGroup;
import org.attention4j.train.Schedule;
import picocli.CommandLine.Option;

/** What to train and how; the defaults are nanoGPT's CPU setting for tiny Shakespeare. */
final class TrainOptions {
  private static final String DEFAULT = " Default: ${DEFAULT-VALUE}.";

  private enum Kind {
    GPT,
    BERT,
    SEQ2SEQ,
    LLAMA
  }

  private enum Rate {
    COSINE,
    LINEAR,
    CONSTANT
  }

  /** The constant that is written so, in small letters. */
  private static <E extends Enum<E>> E read(Class<E> type, String option, String text) {
    List<String> names = new ArrayList<>();
    for (E constant : type.getEnumConstants()) {
      names.add(constant.name().toLowerCase(Locale.ROOT));
      if (names.contains(text)) {
        return constant;
      }
    }
    throw new UsageException(option + " is one of " + names + ", not '" + text + "'");
  }

  private Kind kind() {
    return read(Kind.class, "--model", model);
  }

  @Option(
      names = "--model",
      paramLabel = "FAMILY",
      defaultValue = "gpt",
      description = "Family: gpt, bert, seq2seq or llama." + DEFAULT)
  String model = "gpt";

  @Option(
      names = "--tokenizer",
      paramLabel = "KIND",
      defaultValue = "characters",
      description = "characters, words, or the path of a Hugging Face tokenizer.json." + DEFAULT)
  String tokenizer = "characters";

  @Option(
      names = "--training-share",
      paramLabel = "SHARE",
      defaultValue = "0.9",
      description = "Share of the corpus to train on; the rest is for validation." + DEFAULT)
  double trainingShare;

  @Option(
      names = "--layers",
      paramLabel = "N",
      defaultValue = "4",
      description = "Layers." + DEFAULT)
  int layers;

  @Option(
      names = "--heads",
      paramLabel = "N",
      defaultValue = "4",
      description = "Heads of attention." + DEFAULT)
  int heads;

  @Option(
      names = "--kv-heads",
      paramLabel = "N",
      defaultValue = "0",
      description = "Heads of keys and values in llama; 0 for as many as heads." + DEFAULT)
  int keyValueHeads;

  @Option(
      names = "--width",
      paramLabel = "N",
      defaultValue = "128",
      description = "Width of the model." + DEFAULT)
  int width;

  @Option(
      names = "--inner",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Width of the feed-forward network in bert, seq2seq and llama; 0 for 4 x width (llama: 8/3"
              + " x width)."
              + DEFAULT)
  int inner;

  @Option(
      names = "--context",
      paramLabel = "N",
      defaultValue = "64",
      description = "Longest sequence, in tokens." + DEFAULT)
  int context;

  @Option(
      names = "--dropout",
      paramLabel = "P",
      defaultValue = "0",
      description = "Probability of dropout." + DEFAULT)
  double dropout;

  @Option(
      names = "--bias",
      arity = "1",
      paramLabel = "BOOLEAN",
      defaultValue = "false",
      description = "Whether the layers of gpt have biases." + DEFAULT)
  boolean bias;

  @Option(
      names = "--label-smoothing",
      paramLabel = "E",
      defaultValue = "0.1",
      description = "Label smoothing in seq2seq." + DEFAULT)
  double labelSmoothing;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "12",
      description = "Sequences in a batch." + DEFAULT)
  int batch;

  @Option(
      names = "--accumulation",
      paramLabel = "N",
      defaultValue = "1",
      description = "Batches in an optimizer step." + DEFAULT)
  int accumulation;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "2000",
      description = "Optimizer steps." + DEFAULT)
  long steps;

  @Option(
      names = "--learning-rate",
      paramLabel = "RATE",
      defaultValue = "1e-3",
      description = "Highest learning rate." + DEFAULT)
  double learningRate;

  @Option(
      names = "--min-learning-rate",
      paramLabel = "RATE",
      defaultValue = "1e-4",
      description = "Learning rate at the end." + DEFAULT)
  double minLearningRate;

  @Option(
      names = "--schedule",
      paramLabel = "KIND",
      defaultValue = "cosine",
      description = "How the rate falls: cosine, linear or constant." + DEFAULT)
  String schedule = "cosine";

  @Option(
      names = "--warmup",
      paramLabel = "N",
      defaultValue = "-1",
      description =
          "Steps over which the rate rises; -1 for 100, or a tenth of the steps if that is less."
              + DEFAULT)
  long warmup;

  @Option(
      names = "--beta1",
      paramLabel = "B",
      defaultValue = "0.9",
      description = "AdamW's decay of the mean gradient." + DEFAULT)
  double beta1;

  @Option(
      names = "--beta2",
      paramLabel = "B",
      defaultValue = "0.99",
      description = "AdamW's decay of the mean square." + DEFAULT)
  double beta2;

  @Option(
      names = "--weight-decay",
      paramLabel = "D",
      defaultValue = "0.1",
      description = "Decay of matrices; biases and norms do not decay." + DEFAULT)
  double weightDecay;

  @Option(
      names = "--clip",
      paramLabel = "NORM",
      defaultValue = "1",
      description = "Bound of the gradient's norm; 0 for none." + DEFAULT)
  double clip;

  @Option(
      names = "--activation-checkpointing",
      arity = "0..1",
      paramLabel = "BOOLEAN",
      fallbackValue = "true",
      description =
          "Compute the inside of each layer again in the backward pass instead of keeping it: less"
              + " memory, more time, the same result.")
  boolean recomputing;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "42",
      description = "Seed of weights, batches and dropout." + DEFAULT)
  long seed;

  @Option(
      names = "--evaluate-every",
      paramLabel = "N",
      defaultValue = "250",
      description = "Steps between estimates of the losses; 0 for the end only." + DEFAULT)
  long evaluateEvery;

  @Option(
      names = "--evaluation-batches",
      paramLabel = "N",
      defaultValue = "20",
      description = "Batches of an estimate." + DEFAULT)
  int evaluationBatches;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "N",
      defaultValue = "500",
      description = "Steps between checkpoints; 0 for the end only." + DEFAULT)
  long checkpointEvery;

  /** Whether the vocabulary needs tokens that are not text. */
  boolean withSpecials() {
    return kind() == Kind.BERT || kind() == Kind.SEQ2SEQ;
  }

  private void check() {
    atLeastOne("--layers", layers);
    atLeastOne("--heads", heads);
    atLeastOne("--width", width);
    if (inner < 0 || (inner > 0 && kind() == Kind.GPT)) {
      throw new UsageException("--inner is 0 or more, and for bert, seq2seq and llama only");
    }
    if (keyValueHeads < 0 || (keyValueHeads > 0 && kind() != Kind.LLAMA)) {
      throw new UsageException("--kv-heads is 0 or more, and for llama only");
    }
    if (bias && kind() != Kind.GPT) {
      throw new UsageException("--bias is for gpt only");
    }
  }

  private static void atLeastOne(String name, long value) {
    if (value < 1) {
      throw new UsageException(name + " is 1 or more, not " + value);
    }
  }

  Family family(int vocabulary) {
    check();
    int usual = inner == 0 ? 4 * width : inner;
    return switch (kind()) {
      case GPT ->
          new Gpt(vocabulary, context, width, heads, layers, bias, Activation.Kind.GELU, dropout);
      case BERT -> // as it is read again when a run is resumed
          Architectures.read(
              new Bert(vocabulary, context, width, heads, layers, usual, dropout, 0).config());
      case SEQ2SEQ ->
          new Seq2Seq(vocabulary, context, width, heads, layers, usual, dropout, labelSmoothing);
      case LLAMA -> llama(vocabulary);
    };
  }

  private Llama llama(int vocabulary) {
    if (dropout != 0) {
      throw new UsageException("llama has no dropout; leave out --dropout");
    }
    int hidden = inner == 0 ? (8 * width / 3 + 7) / 8 * 8 : inner;
    int keys = keyValueHeads == 0 ? heads : keyValueHeads;
    return new Llama(vocabulary, context, width, heads, keys, layers, hidden, 10000, 1e-5, true);
  }

  Batches batches(Path file, String text, Tokenizer tokens) {
    if (batch < 1 || context < 1) {
      throw new UsageException("batch and context are at least 1, not " + batch + ", " + context);
    }
    if (kind() == Kind.SEQ2SEQ) {
      return PairBatches.of(file, text, tokens, context, batch, seed);
    }
    Split split = Split.of(tokens.encode(text), trainingShare, context);
    NextTokenBatches windows = new NextTokenBatches(split, batch, context, seed);
    if (kind() != Kind.BERT) {
      return windows;
    }
    long mask =
        tokens
            .special("<mask>")
            .orElseThrow(
                () -> new UsageException("a tokenizer for bert needs a mask token; this has none"));
    long first = Math.min(Tokenizer.SPECIAL_TOKENS.size(), tokens.size() - 1);
    return new MaskedBatches(windows, mask, first, tokens.size());
  }

  AdamW optimizer() {
    List<ParameterGroup> groups = ParameterGroup.matricesDecay(weightDecay);
    return AdamW.of(schedule()).betas(beta1, beta2).decaying(groups);
  }

  private Schedule schedule() {
    atLeastOne("--steps", steps);
    if (!(learningRate > 0 && minLearningRate >= 0 && Double.isFinite(learningRate))) {
      throw new UsageException(
          "--learning-rate is above 0 and --min-learning-rate not below, not "
              + learningRate
              + " and "
              + minLearningRate);
    }
    long rise = warmup == -1 ? Math.min(100, steps / 10) : warmup;
    if (rise < 0 || rise >= steps) {
      throw new UsageException(
          "the warm-up is shorter than the run: 0 to " + (steps - 1) + " steps, not " + warmup);
    }
    long rest = steps - rise;
    Schedule after =
        switch (read(Rate.class, "--schedule", schedule)) {
          case COSINE -> Schedule.cosine(learningRate, minLearningRate, rest);
          case LINEAR -> Schedule.linear(learningRate, minLearningRate, rest);
          case CONSTANT -> Schedule.constant(learningRate);
        };
    return after.afterWarmUp(rise);
  }

  Pace pace() {
    return new Pace(steps, accumulation, evaluateEvery, evaluationBatches, checkpointEvery);
  }
}
