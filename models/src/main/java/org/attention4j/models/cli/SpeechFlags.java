package org.attention4j.models.cli;

import java.util.List;
import java.util.OptionalDouble;
import org.attention4j.models.text.SpeechFallback;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What is done with a transcript that is not trusted. */
final class SpeechFlags {
  @Option(
      names = "--temperatures",
      paramLabel = "T",
      split = ",",
      description =
          "Tried in this order until a text passes the thresholds, such as 0,0.2,0.4,0.6,0.8,1."
              + " Default: 0, the most probable text.")
  private @Nullable List<Double> temperatures;

  @Option(
      names = "--compression-ratio-threshold",
      paramLabel = "R",
      description =
          "A text whose tokens zlib makes smaller by more than this factor is tried again, such as"
              + " 1.35. Default: what the model's files say.")
  private @Nullable Double compressionRatio;

  @Option(
      names = "--logprob-threshold",
      paramLabel = "P",
      description =
          "A text whose tokens have a mean log-probability below this is tried again, such as -1."
              + " Default: what the model's files say.")
  private @Nullable Double logProbability;

  @Option(
      names = "--no-speech-threshold",
      paramLabel = "P",
      description =
          "A window that is silence with a probability above this, and whose text is below"
              + " --logprob-threshold, is left out, such as 0.6. Default: what the model's files say.")
  private @Nullable Double noSpeech;

  @Option(
      names = "--previous-text",
      description = "Tell the decoder what was said before, unless that was at 0.5 or more.")
  private boolean previousText;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Seed of draws at a temperature above 0. Default: ${DEFAULT-VALUE}.")
  private long seed;

  SpeechFallback fallback() {
    return new SpeechFallback(
        temperatures == null ? List.of(0.0) : temperatures,
        optional(compressionRatio),
        optional(logProbability),
        optional(noSpeech),
        previousText,
        seed);
  }

  private static OptionalDouble optional(@Nullable Double value) {
    return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
  }
}
