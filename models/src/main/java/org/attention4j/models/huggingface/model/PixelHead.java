package org.attention4j.models.huggingface.model;

import org.attention4j.error.UsageException;
import org.attention4j.nn.Init;
import org.attention4j.nn.Scope;
import org.attention4j.op.Affine;
import org.attention4j.tensor.Tensor;

/**
 * From hidden states of patches back to pixels (Xie et al. 2022): a linear layer to the pixels of
 * each patch, {@code decoder.0} at the top, stored as a convolution of one pixel.
 *
 * @param channels of the image
 * @param side pixels of a patch's side, {@code encoder_stride}
 */
record PixelHead(int channels, int side, Init init) {
  private static final String NAME = "decoder.0";

  /** [batch, rows * rows, width] to [batch, channels, rows * side, rows * side]. */
  Tensor apply(Scope top, Tensor patches) {
    int count = patches.type().size(1);
    int rows = (int) Math.sqrt(count);
    if (rows * rows != count) {
      throw new UsageException(
          "masked image modeling is for as many rows of patches as columns, not for "
              + count
              + " patches");
    }
    int width = patches.type().size(-1);
    int pixels = channels * side * side;
    return top.in(
        NAME,
        s -> {
          Tensor weight = s.param("weight", init, pixels, width, 1, 1).reshape(pixels, width);
          Tensor bias = s.param("bias", Init.zeros(), pixels);
          Tensor x = patches.apply(new Affine(true), weight, bias); // [batch, patches, pixels]
          return x.reshape(x.dim(0), rows, rows, channels, side, side)
              .permute(0, 3, 1, 4, 2, 5) // [batch, channels, rows, side, rows, side]
              .reshape(x.dim(0), channels, rows * side, rows * side);
        });
  }
}
