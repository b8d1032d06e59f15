package org.attention4j.spi;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.attention4j.error.UsageException;

/**
 * How an {@link Exporter} writes the matrices of linear layers; everything else keeps the
 * precision.
 */
public enum WeightFormat {
  /** As the precision says. */
  FLOATING(0),

  /** Blocks along the inputs with 8 bits each and a scale, for decoding. */
  INT8(0.99),

  /**
   * 8 bits with a scale for each output; activations are rounded to 8 bits as well, with a scale of
   * their own in each run. For whole sequences: prompts, encoders, images.
   */
  INT8_DYNAMIC(0.99),

  /** Blocks along the inputs with 4 bits each and a scale, for decoding. */
  INT4(0.9);

  /** Weights of a block unless another size is asked for. */
  public static final int USUAL_BLOCK = 32;

  private final double leastCosine;

  WeightFormat(double leastCosine) {
    this.leastCosine = leastCosine;
  }

  /**
   * What passes as close: the cosine between all values of an output of the source and of the file.
   * 0 for floating weights, whose largest difference counts.
   */
  public double leastCosine() {
    return leastCosine;
  }

  /**
   * Refuses sizes that blocks cannot have.
   *
   * @throws UsageException if it is not 16, 32, 64, 128 or 256
   */
  public static void checkBlock(int size) {
    if (size < 16 || size > 256 || Integer.bitCount(size) != 1) {
      throw new UsageException("a block has 16, 32, 64, 128 or 256 weights, not " + size);
    }
  }

  /** As in files: {@code int8_dynamic}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The format of that label.
   *
   * @throws UsageException if there is none, naming those there are
   */
  public static WeightFormat parse(String label) {
    List<String> labels = Arrays.stream(values()).map(WeightFormat::label).toList();
    if (!labels.contains(label)) {
      throw new UsageException("weights are kept as one of " + labels + ", not '" + label + "'");
    }
    return values()[labels.indexOf(label)];
  }
}
