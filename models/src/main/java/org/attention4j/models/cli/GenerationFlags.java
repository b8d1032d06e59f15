package org.attention4j.models.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.attention4j.error.UsageException;
import org.attention4j.generate.Beams;
import org.attention4j.generate.GenerationOptions;
import org.attention4j.generate.Sampling;
import org.attention4j.generate.StopRule;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How texts are generated; what is not given is left to the model's directory. */
final class GenerationFlags {
  static final int TOKENS = 200;

  @Option(
      names = "--tokens",
      paramLabel = "N",
      description = "New tokens at most. Default: what the directory says, or " + TOKENS + ".")
  private @Nullable Integer tokens;

  @Option(names = "--min-tokens", paramLabel = "N", description = "No end before so many tokens.")
  private @Nullable Integer minTokens;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description =
          "How bold; 0 for the most probable token. Default: what generation_config.json says, or"
              + " 0.8 where there is none; 0 with beams.")
  private @Nullable Double temperature;

  @Option(
      names = "--top-k",
      paramLabel = "K",
      description = "Draw from the K most probable tokens; 0 for all.")
  private @Nullable Integer topK;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      description = "Draw from the fewest tokens with this probability together.")
  private @Nullable Double topP;

  @Option(
      names = "--min-p",
      paramLabel = "P",
      description = "Leave out tokens below this share of the highest probability.")
  private @Nullable Double minP;

  @Option(
      names = "--typical-p",
      paramLabel = "P",
      description = "Draw from the tokens nearest to the expected surprise.")
  private @Nullable Double typicalP;

  @Option(
      names = "--repetition-penalty",
      paramLabel = "R",
      description = "Make tokens seen before less probable; 1 for no penalty.")
  private @Nullable Double repetitionPenalty;

  @Option(
      names = "--no-repeat-ngram",
      paramLabel = "N",
      description = "No N tokens come twice in the same order; 0 for no such rule.")
  private @Nullable Integer noRepeatNgram;

  @Option(
      names = "--beams",
      paramLabel = "N",
      description = "Follow N texts at once and tell the best; 1 for no search.")
  private @Nullable Integer beams;

  @Option(
      names = "--length-penalty",
      paramLabel = "X",
      description = "Of beams: above 0 favours long texts, below 0 short ones.")
  private @Nullable Double lengthPenalty;

  @Option(
      names = "--early-stopping",
      paramLabel = "WHEN",
      description =
          "When a search ends: true once enough texts have ended, false when better ones are"
              + " unlikely, never when none can come.")
  private @Nullable String earlyStopping;

  @Option(names = "--sequences", paramLabel = "N", description = "Texts for each prompt.")
  private @Nullable Integer sequences;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Seed of the draws; each further text adds 1. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--stop",
      paramLabel = "TEXT",
      description = "End when the new text holds this. May be repeated.")
  private List<String> stops = new ArrayList<>();

  @Option(
      names = "--no-cache",
      description = "Run the whole text for each token instead of keeping keys and values.")
  private boolean noCache;

  private static <T> T or(@Nullable T given, T otherwise) {
    return given == null ? otherwise : given;
  }

  /**
   * What the directory wants, changed as the flags say.
   *
   * @param stopAt makes a rule of the texts that end a text
   */
  GenerationOptions options(GenerationOptions given, Function<List<String>, StopRule> stopAt) {
    GenerationOptions options = given;
    if (tokens != null) {
      options = options.taking(tokens);
    }
    if (!stops.isEmpty()) {
      options = options.stoppingWhen(stopAt.apply(stops));
    }
    options =
        options.constrained(
            options
                .constraints()
                .withAtLeast(or(minTokens, options.constraints().minNewTokens()))
                .penalising(or(repetitionPenalty, options.constraints().repetitionPenalty()))
                .withoutRepeated(or(noRepeatNgram, options.constraints().noRepeatNgram())));
    Beams search =
        new Beams(
            or(beams, options.beams().count()),
            or(lengthPenalty, options.beams().lengthPenalty()),
            earlyStopping == null ? options.beams().end() : end(earlyStopping),
            options.beams().renormalised());
    options = options.drawing(sampling(options.sampling(), search));
    options =
        options.searching(search, or(sequences, Math.min(options.sequences(), search.count())));
    return noCache ? options.withoutCache() : options;
  }

  private Sampling sampling(Sampling given, Beams search) {
    double bold = search.count() > 1 && beams != null ? 0 : given.temperature();
    return new Sampling(
        or(temperature, bold),
        or(topK, given.topK()),
        or(topP, given.topP()),
        or(minP, given.minP()),
        or(typicalP, given.typicalP()),
        given.epsilon(),
        given.eta(),
        seed);
  }

  private static Beams.End end(String when) {
    return switch (when) {
      case "true" -> Beams.End.FULL;
      case "false" -> Beams.End.UNLIKELY_BETTER;
      case "never" -> Beams.End.NEVER_BETTER;
      default ->
          throw new UsageException("--early-stopping is true, false or never, not '" + when + "'");
    };
  }
}
