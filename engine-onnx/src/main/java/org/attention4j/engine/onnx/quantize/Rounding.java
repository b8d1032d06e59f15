package org.attention4j.engine.onnx.quantize;

import org.attention4j.error.UsageException;
import org.attention4j.spi.WeightFormat;

/**
 * How matrices of weights are kept.
 *
 * @param block weights of an output that share a scale, in the formats that have blocks: 16 to 256,
 *     a power of 2. Larger ones are read faster and are less exact
 */
public record Rounding(WeightFormat format, int block) {
  /** What files have unless another size is asked for. */
  public static final int USUAL_BLOCK = 32;

  /** As they are. */
  public static final Rounding NONE = new Rounding(WeightFormat.FLOATING, USUAL_BLOCK);

  /** Checks the block. */
  public Rounding {
    if (block < 16 || block > 256 || Integer.bitCount(block) != 1) {
      throw new UsageException("a block has 16, 32, 64, 128 or 256 weights, not " + block);
    }
  }

  /** In blocks of the usual size. */
  public static Rounding to(WeightFormat format) {
    return new Rounding(format, USUAL_BLOCK);
  }

  /** For descriptions: {@code int4 in blocks of 128}. */
  @Override
  public String toString() {
    boolean blocks = format == WeightFormat.INT8 || format == WeightFormat.INT4;
    return format.label() + (blocks && block != USUAL_BLOCK ? " in blocks of " + block : "");
  }
}
