package org.attention4j.nn;

import org.attention4j.error.UsageException;
import org.attention4j.op.Affine;
import org.attention4j.tensor.Tensor;

/**
 * Square patches of images as vectors (Dosovitskiy et al. 2021, equation 1): [batch, channels,
 * size, size] to [batch, patches, width], rows of patches from the top, each from the left.
 *
 * <p>Parameters: {@code weight} [width, channels, patch, patch], as of a convolution whose stride
 * is its kernel, and {@code bias} [width].
 *
 * @param size height and width of the images; a multiple of {@code patch}
 * @param init of the weight
 */
public record PatchEmbedding(int channels, int size, int patch, int width, Init init)
    implements Block {
  public PatchEmbedding {
    Sizes.requirePositive(
        "PatchEmbedding", "channels", channels, "size", size, "patch", patch, "width", width);
    if (size % patch != 0) {
      throw new UsageException(
          "PatchEmbedding: images of " + size + " pixels are no whole patches of " + patch);
    }
  }

  /** Number of patches of an image. */
  public int patches() {
    return (size / patch) * (size / patch);
  }

  @Override
  public Tensor apply(Scope scope, Tensor x) {
    int side = size / patch;
    int pixels = channels * patch * patch;
    Tensor cut =
        x.reshape(x.dim(0), channels, side, patch, side, patch)
            .permute(0, 2, 4, 1, 3, 5) // [batch, side, side, channels, patch, patch]
            .reshape(x.dim(0), patches(), pixels);
    Tensor weight =
        scope.param("weight", init, width, channels, patch, patch).reshape(width, pixels);
    return cut.apply(new Affine(true), weight, scope.param("bias", Init.zeros(), width));
  }
}
