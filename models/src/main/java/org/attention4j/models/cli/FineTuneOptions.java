package org.attention4j.models.cli;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.attention4j.error.UsageException;
import org.attention4j.models.data.ExampleBatches;
import org.attention4j.models.finetune.Objective;
import org.attention4j.models.huggingface.AdapterConfig;
import org.attention4j.models.huggingface.model.Pretrained;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options of training that starts from a directory of Hugging Face's. */
final class FineTuneOptions {
  private static final String DEFAULT = " Default: ${DEFAULT-VALUE}.";

  @Option(
      names = "--from",
      paramLabel = "DIR",
      description =
          "Go on from the weights of a Hugging Face directory, with its tokenizer. --data holds the"
              + " examples, or --corpus a running text. Rates and decay are then by default those of"
              + " fine-tuning: 5e-5 (adapters 2e-4) falling linearly to 0, betas 0.9 and 0.999, decay"
              + " 0.01, batches of 16.")
  @Nullable Path from;

  @Option(
      names = "--fresh",
      arity = "0..1",
      paramLabel = "BOOLEAN",
      fallbackValue = "true",
      description = "Begin with random weights: --from needs a configuration and a tokenizer only.")
  boolean fresh;

  @Option(
      names = "--data",
      paramLabel = "FILE",
      description =
          "An example on each line: a text; source<TAB>target; label<TAB>text[<TAB>text]; or two"
              + " sentences that belong together. For classify-tokens a word and its label on each"
              + " line, with an empty line between sentences, or JSON lines with tokens and labels;"
              + " for answer SQuAD's JSON, or JSON lines with context, question and answers; for"
              + " prefer JSON lines with prompt, chosen and rejected.")
  @Nullable Path data;

  @Option(
      names = "--objective",
      paramLabel = "KIND",
      description =
          "causal, masked, seq2seq, classify, multi-label, regress, classify-tokens, answer,"
              + " contrastive, prefer (direct preference optimisation) or distill (from --teacher);"
              + " by default what the directory's architecture is for. Another objective gets a new"
              + " head where it needs one.")
  @Nullable String objective;

  @Option(
      names = "--max-length",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Tokens of a text at most; longer ones are cut. 0 for the model's context, but not over"
              + " 128 (answer: 384)."
              + DEFAULT)
  int maxLength;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Times through the training examples, instead of --steps; 0 for --steps." + DEFAULT)
  double epochs;

  @Option(
      names = "--batching",
      paramLabel = "KIND",
      defaultValue = "bucketed",
      description =
          "bucketed: examples of similar length together, with less padding; or shuffled."
              + DEFAULT)
  String batching = "bucketed";

  @Option(
      names = "--lora-rank",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Train a low-rank adapter of this rank and freeze the rest; 0 to train everything. --out"
              + " then gets adapter_config.json and adapter_model.safetensors, as PEFT reads them."
              + DEFAULT)
  int rank;

  @Option(
      names = "--lora-alpha",
      paramLabel = "A",
      defaultValue = "16",
      description = "The adapter counts alpha / rank times." + DEFAULT)
  double alpha;

  @Option(
      names = "--lora-dropout",
      paramLabel = "P",
      defaultValue = "0",
      description = "Dropout of the adapter's input." + DEFAULT)
  double dropout;

  @Option(
      names = "--lora-targets",
      paramLabel = "NAMES",
      defaultValue = "all-linear",
      description =
          "Linear layers that get an adapter, by the ends of their paths, with commas between:"
              + " q_proj,v_proj; or all-linear."
              + DEFAULT)
  String targets = "all-linear";

  @Option(
      names = "--adapter",
      paramLabel = "DIR",
      description = "Train this adapter of the model further, instead of a new one.")
  @Nullable Path adapter;

  @Option(
      names = "--merge",
      arity = "0..1",
      paramLabel = "BOOLEAN",
      fallbackValue = "true",
      description =
          "Also merge the adapter into the model: --out gets the merged model, and below it"
              + " 'adapter' the adapter.")
  boolean merge;

  @Option(
      names = "--score-examples",
      paramLabel = "N",
      description =
          "Score so many validation examples before and after, 0 for none: seq2seq by BLEU and exact"
              + " match of what it writes (default: 0), classes by accuracy or F1, tokens by F1 of"
              + " entities, answers by exact match and F1, preferences by accuracy and margin of"
              + " rewards, students by perplexity (default: 1000, or all if there are fewer).")
  @Nullable Integer scoreExamples;

  @Option(
      names = "--beta",
      paramLabel = "B",
      description =
          "For prefer: how much it costs to leave the model that training begins with. Default:"
              + " 0.1.")
  @Nullable Double beta;

  @Option(
      names = "--preference-smoothing",
      paramLabel = "P",
      description =
          "For prefer: share of pairs that are taken to be the wrong way round, from 0 to below"
              + " 0.5. Default: 0.")
  @Nullable Double preferenceSmoothing;

  @Option(
      names = "--teacher",
      paramLabel = "DIR",
      description =
          "For distill: directory of a larger decoder with the same vocabulary, whose"
              + " probabilities of the next token are learned.")
  @Nullable Path teacher;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description = "For distill: divides the logits of both models. Default: 2.")
  @Nullable Double temperature;

  @Option(
      names = "--distill-alpha",
      paramLabel = "A",
      description =
          "For distill: weight of the teacher in the loss; the text itself has the rest of 1."
              + " Default: 0.5.")
  @Nullable Double distillAlpha;

  double beta() {
    return beta == null ? 0.1 : beta;
  }

  double preferenceSmoothing() {
    return preferenceSmoothing == null ? 0 : preferenceSmoothing;
  }

  double temperature() {
    return temperature == null ? 2 : temperature;
  }

  double distillAlpha() {
    return distillAlpha == null ? 0.5 : distillAlpha;
  }

  /**
   * The objective that is asked for, or the usual one of a model.
   *
   * @throws UsageException if there are options of another one, or those that it needs are missing
   */
  Objective kind(Pretrained model) {
    String asked = objective;
    Objective kind =
        asked != null
            ? Objective.of(asked)
            : teacher == null ? Objective.of(model) : Objective.DISTILL;
    if (kind != Objective.PREFER && (beta != null || preferenceSmoothing != null)) {
      throw new UsageException(
          "--beta and --preference-smoothing are for --objective prefer, not " + kind.label());
    }
    if (kind != Objective.DISTILL
        && (teacher != null || temperature != null || distillAlpha != null)) {
      throw new UsageException(
          "--teacher, --temperature and --distill-alpha are for --objective distill, not "
              + kind.label());
    }
    if (kind == Objective.DISTILL && teacher == null) {
      throw new UsageException("distill needs --teacher, the directory of the model to learn from");
    }
    return kind;
  }

  ExampleBatches.Order order() {
    return switch (batching) {
      case "bucketed" -> ExampleBatches.Order.BUCKETED;
      case "shuffled" -> ExampleBatches.Order.SHUFFLED;
      default ->
          throw new UsageException("--batching is bucketed or shuffled, not '" + batching + "'");
    };
  }

  /** A new adapter as asked for; null for none. */
  @Nullable AdapterConfig adapterConfig() {
    if (rank == 0) {
      return null;
    }
    List<String> names =
        Arrays.stream(targets.split(",", -1)).map(String::strip).filter(n -> !n.isEmpty()).toList();
    return AdapterConfig.of(rank, alpha, dropout, names);
  }

  /** Whether an adapter learns. */
  boolean adapts() {
    return rank > 0 || adapter != null;
  }
}
