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
    List<String> given = new ArrayList<>();
    for (String name : NEW_MODEL) {
      OptionSpec option = spec.findOption(name);
      Object value = option == null ? null : option.getValue();
      boolean usual =
          option == null || value == null || value.toString().equals(option.defaultValue());
      if (spec.commandLine().getParseResult().hasMatchedOption(name) && !usual) {
        given.add(name);
      }
    }
    if (!given.isEmpty()) {
      throw new UsageException(
          "--from brings its own model and tokenizer; leave out " + String.join(", ", given));
    }
  }
}
