package org.attention4j.models.cli;

import java.util.ArrayList;
import java.util.List;
import org.attention4j.error.UsageException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** What {@code train --from} takes otherwise than the training of a new model. */
final class FineTuneDefaults {
  /** Options that say what a new model is. */
  private static final List<String> NEW_MODEL =
      List.of(
          "--model",
          "--tokenizer",
          "--layers",
          "--heads",
          "--kv-heads",
          "--width",
          "--inner",
          "--context",
          "--dropout",
          "--bias",
          "--label-smoothing");

  /** Options that a new model has no use for. */
  private static final List<String> FINE_TUNING =
      List.of(
          "--fresh",
          "--data",
          "--objective",
          "--max-length",
          "--epochs",
          "--batching",
          "--lora-rank",
          "--lora-alpha",
          "--lora-dropout",
          "--lora-targets",
          "--adapter",
          "--merge",
          "--score-examples");

  private FineTuneDefaults() {}

  /**
   * The usual values of fine-tuning, where the command line says nothing.
   *
   * @param adapter whether an adapter learns
   * @throws UsageException if an option is given that makes a new model
   */
  static void apply(TrainOptions options, CommandSpec spec, boolean adapter) {
    refuseNewModel(spec);
    ParseResult given = spec.commandLine().getParseResult();
    if (!given.hasMatchedOption("--learning-rate")) {
      options.learningRate = adapter ? 2e-4 : 5e-5;
    }
    if (!given.hasMatchedOption("--min-learning-rate")) {
      options.minLearningRate = 0;
    }
    if (!given.hasMatchedOption("--schedule")) {
      options.schedule = "linear";
    }
    if (!given.hasMatchedOption("--beta2")) {
      options.beta2 = 0.999;
    }
    if (!given.hasMatchedOption("--weight-decay")) {
      options.weightDecay = 0.01;
    }
    if (!given.hasMatchedOption("--batch")) {
      options.batch = 16;
    }
  }

  private static void refuseNewModel(CommandSpec spec) {
    List<String> given = given(spec, NEW_MODEL);
    if (!given.isEmpty()) {
      throw new UsageException(
          "--from brings its own model and tokenizer; leave out " + String.join(", ", given));
    }
  }

  /**
   * Refuses what only a run with {@code --from} reads.
   *
   * @throws UsageException naming the options
   */
  static void refuse(CommandSpec spec) {
    List<String> given = given(spec, FINE_TUNING);
    if (!given.isEmpty()) {
      throw new UsageException(
          "without --from, the directory of the model to train further, there is no "
              + String.join(", ", given));
    }
  }

  /** Those of these options that are given and do not say what holds anyway. */
  private static List<String> given(CommandSpec spec, List<String> names) {
    List<String> given = new ArrayList<>();
    for (String name : names) {
      OptionSpec option = spec.findOption(name);
      if (option != null
          && spec.commandLine().getParseResult().hasMatchedOption(name)
          && !isUsual(option)) {
        given.add(name);
      }
    }
    return given;
  }

  /** Whether the option says what holds anyway, as all do in the training.json of a run. */
  private static boolean isUsual(OptionSpec option) {
    Object value = option.getValue();
    if (value instanceof Number number && option.defaultValue() != null) {
      return number.doubleValue() == Double.parseDouble(option.defaultValue());
    }
    return value == null || value.equals(false) || value.toString().equals(option.defaultValue());
  }
}
