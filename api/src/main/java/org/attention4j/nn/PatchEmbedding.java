package org.attention4j.nn;

import org.attention4j.error.UsageException;
import org.attention4j.op.Affine;
import org.attention4j.tensor.Tensor;

/**
 * Square patches of images as vectors (Dosovitskiy et al. 2021, equation 1): [batch, channels,
 * size, size] to [batch, patches, width], rows of patches from the top, each from the left.
 *
 * <p>Parameters: {@code weight} [width, channels, patch, patch], as of a convolution whose stride
 * is its kernel, and perhaps {@code bias} [width].
 *
 * @param size height and width of the images; a multiple of {@code patch}
 * @param init of the weight
 * @param bias whether there is one
 */
public record PatchEmbedding(int channels, int size, int patch, int width, Init init, boolean bias)
    implements Block {
  public PatchEmbedding {
    Sizes.requirePositive(
        "PatchEmbedding", "channels", channels, "size", size, "patch", patch, "width", width);
    if (size % patch != 0) {
      throw new UsageException(
          "PatchEmbedding: images of " + size + " pixels are no whole patches of " + patch);
    }
  }

  /** With a bias. */
  public PatchEmbedding(int channels, int size, int patch, int width, Init init) {
    this(channels, size, patch, width, init, true);
  }

  /** The same without a bias. */
  public PatchEmbedding withoutBias() {
    return new PatchEmbedding(channels, size, patch, width, init, false);
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
    Affine op = new Affine(true);
    return bias
        ? cut.apply(op, weight, scope.param("bias", Init.zeros(), width))
        : cut.apply(op, weight);
  }
}
