package org.attention4j.nn;

import org.attention4j.error.UsageException;
import org.attention4j.op.Affine;
import org.attention4j.tensor.Tensor;

/**
 * Patches of images as vectors (Dosovitskiy et al. 2021, equation 1): [batch, channels, height,
 * width] to [batch, patches, features], rows of patches from the top, each from the left. Pixels
 * that fill no patch, at the right and at the bottom, are not read.
 *
 * <p>Parameters: {@code weight} [features, channels, patch height, patch width], as of a
 * convolution whose stride is its kernel, and perhaps {@code bias} [features].
 *
 * @param size of the images
 * @param patch size of a patch
 * @param width features of a patch
 * @param init of the weight
 * @param bias whether there is one
 */
public record PatchEmbedding(
    int channels, Size size, Size patch, int width, Init init, boolean bias) implements Block {

  /** Of an image or a patch, in pixels. */
  public record Size(int height, int width) {
    /** Of a square. */
    public static Size of(int side) {
      return new Size(side, side);
    }

    private int pixels() {
      return height * width;
    }

    @Override
    public String toString() {
      return height + " x " + width;
    }
  }

  public PatchEmbedding {
    Sizes.requirePositive("PatchEmbedding", "channels", channels, "width", width);
    Sizes.requirePositive(
        "PatchEmbedding", "patch height", patch.height, "patch width", patch.width);
    if (size.height < patch.height || size.width < patch.width) {
      throw new UsageException(
          "PatchEmbedding: images of " + size + " pixels have no whole patch of " + patch);
    }
  }

  /** Square ones, with a bias. */
  public PatchEmbedding(int channels, int size, int patch, int width, Init init) {
    this(channels, Size.of(size), Size.of(patch), width, init, true);
  }

  /** The same without a bias. */
  public PatchEmbedding withoutBias() {
    return new PatchEmbedding(channels, size, patch, width, init, false);
  }

  /** Number of patches of an image. */
  public int patches() {
    return (size.height / patch.height) * (size.width / patch.width);
  }

  @Override
  public Tensor apply(Scope scope, Tensor x) {
    int rows = size.height / patch.height;
    int columns = size.width / patch.width;
    int pixels = channels * patch.pixels();
    Tensor cut =
        x.slice(2, 0, rows * patch.height)
            .slice(3, 0, columns * patch.width)
            .reshape(x.dim(0), channels, rows, patch.height, columns, patch.width)
            .permute(0, 2, 4, 1, 3, 5) // [batch, rows, columns, channels, height, width]
            .reshape(x.dim(0), patches(), pixels);
    Tensor weight =
        scope
            .param("weight", init, width, channels, patch.height, patch.width)
            .reshape(width, pixels);
    Affine op = new Affine(true);
    return bias
        ? cut.apply(op, weight, scope.param("bias", Init.zeros(), width))
        : cut.apply(op, weight);
  }
}
