package org.attention4j.models.text;

import java.util.List;
import java.util.OptionalDouble;
import java.util.zip.Deflater;
import org.attention4j.error.UsageException;

/**
 * When what was heard is not trusted, and what is done then (Radford et al. 2022, section 4.5).
 * Thresholds that are left out are those of {@code generation_config.json}, if it has some.
 *
 * @param temperatures tried in this order until a text is trusted; the last one's is taken in any
 *     case. 0 is the most probable text
 * @param compressionRatio a text whose tokens, as bytes, zlib makes smaller by more than this
 *     factor repeats itself and is not trusted
 * @param logProbability a text whose tokens have a mean log-probability below it is not trusted
 * @param noSpeech a window that is silence with a probability above it, and whose text is below
 *     {@code logProbability}, is left out
 * @param previousText whether the decoder is told what was said before, unless that was drawn at a
 *     temperature of 0.5 or more
 * @param seed of draws at a temperature above 0
 */
public record SpeechFallback(
    List<Double> temperatures,
    OptionalDouble compressionRatio,
    OptionalDouble logProbability,
    OptionalDouble noSpeech,
    boolean previousText,
    long seed) {
  private static final double LOW = 0.5;

  public SpeechFallback {
    temperatures = List.copyOf(temperatures);
    if (temperatures.isEmpty()) {
      throw new UsageException("a transcript needs at least one temperature");
    }
    for (double temperature : temperatures) {
      if (!(temperature >= 0 && temperature < Double.POSITIVE_INFINITY)) {
        throw new UsageException("a temperature is 0 or more, not " + temperature);
      }
    }
  }

  /** The most probable text, whatever it is, and each window by itself. */
  public static SpeechFallback none() {
    return new SpeechFallback(
        List.of(0.0),
        OptionalDouble.empty(),
        OptionalDouble.empty(),
        OptionalDouble.empty(),
        false,
        0);
  }

  /**
   * The paper's temperatures and thresholds, with previous text; for the compression ratio, which
   * the paper takes over text and this over tokens, 1.35.
   */
  public static SpeechFallback paper() {
    return new SpeechFallback(
        List.of(0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
        OptionalDouble.of(1.35),
        OptionalDouble.of(-1),
        OptionalDouble.of(0.6),
        true,
        0);
  }

  /** Whether a text at this temperature is good enough to be told as previous text. */
  static boolean isLow(double temperature) {
    return temperature < LOW;
  }

  /** Whether a text is to be tried again, if there is another temperature. */
  boolean doubts(List<Long> tokens, int vocabulary, double mean) {
    boolean repeats =
        compressionRatio.isPresent() && ratio(tokens, vocabulary) > compressionRatio.getAsDouble();
    return repeats || unlikely(mean);
  }

  /** Whether the tokens' mean log-probability is below the threshold. */
  boolean unlikely(double mean) {
    return logProbability.isPresent() && mean < logProbability.getAsDouble();
  }

  /** Bytes of the tokens, as few for each as the vocabulary needs, over those that zlib makes. */
  static double ratio(List<Long> tokens, int vocabulary) {
    int width = (int) (Math.log(vocabulary) / Math.log(2) / Byte.SIZE) + 1;
    byte[] bytes = new byte[width * tokens.size()];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (tokens.get(i / width) >> (Byte.SIZE * (i % width))); // the lowest first
    }
    Deflater zlib = new Deflater();
    try {
      zlib.setInput(bytes);
      zlib.finish();
      byte[] some = new byte[1024];
      while (!zlib.finished()) {
        zlib.deflate(some);
      }
      return bytes.length / (double) zlib.getBytesWritten();
    } finally {
      zlib.end();
    }
  }
}
