package org.attention4j.engine.onnx.quantize;

import org.attention4j.spi.WeightFormat;

/**
 * How matrices of weights are kept.
 *
 * @param block weights of an output that share a scale, in the formats that have blocks: 16 to 256,
 *     a power of 2. Larger ones are read faster and are less exact
 */
public record Rounding(WeightFormat format, int block) {
  /** As they are. */
  public static final Rounding NONE = new Rounding(WeightFormat.FLOATING, WeightFormat.USUAL_BLOCK);

  /** Checks the block. */
  public Rounding {
    WeightFormat.checkBlock(block);
  }

  /** Whether weights are whole numbers in blocks that share a scale. */
  public boolean inBlocks() {
    return format == WeightFormat.INT8 || format == WeightFormat.INT4;
  }

  /** Whether weights are in blocks that {@link KernelProducts} multiply by. */
  public boolean hasWideBlocks() {
    return inBlocks() && PackedBlocks.hasBlocksOf(block);
  }

  /** For descriptions: {@code int4 in blocks of 128}. */
  @Override
  public String toString() {
    return format.label()
        + (inBlocks() && block != WeightFormat.USUAL_BLOCK ? " in blocks of " + block : "");
  }
}
