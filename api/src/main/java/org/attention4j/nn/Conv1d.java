package org.attention4j.nn;

import java.util.stream.IntStream;
import org.attention4j.error.Count;
import org.attention4j.error.ShapeException;
import org.attention4j.error.UsageException;
import org.attention4j.op.Affine;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A convolution over time, as a matrix product: [batch, time, in] to [batch, steps, out], where
 * {@code steps = floor((time + 2 padding - kernel) / stride) + 1}. The numbers are those of
 * PyTorch's {@code Conv1d}, whose tensors have time last.
 *
 * <p>Parameters: {@code weight} [out, in, kernel] and {@code bias} [out]. A known time that is
 * shorter than the kernel throws {@link ShapeException}.
 *
 * @param padding zeros before and after
 * @param init of the weight; null for {@link Init#fanIn}
 */
public record Conv1d(int in, int out, int kernel, int stride, int padding, @Nullable Init init)
    implements Block {
  public Conv1d {
    Sizes.requirePositive(
        "Conv1d",
        "in",
        in,
        "out",
        out,
        "kernel",
        kernel,
        "stride",
        stride,
        "padding + 1",
        padding + 1);
    if (padding >= kernel) {
      throw new UsageException(
          "Conv1d: padding " + padding + " is not smaller than the kernel " + kernel);
    }
  }

  @Override
  public Tensor apply(Scope scope, Tensor x) {
    Dim padded = x.dim(1).plus(2 * padding);
    if (padded.known() && padded.longSize() < kernel) {
      throw new ShapeException(
          "Conv1d: "
              + Count.of(x.dim(1).longSize(), "step")
              + " with padding "
              + padding
              + " cannot hold a kernel of "
              + kernel);
    }
    Dim steps = padded.minus(kernel).floorDiv(stride).plus(1);
    int ahead = (kernel - 1) / stride; // how many strides the last tap is ahead of the first
    Dim rows = steps.plus(ahead);
    Tensor cut = padded(x).slice(1, 0, rows.times(stride)).reshape(x.dim(0), rows, stride, in);
    Tensor[] taps =
        IntStream.range(0, kernel)
            .mapToObj(k -> cut.at(2, k % stride).slice(1, k / stride, steps.plus(k / stride)))
            .toArray(Tensor[]::new); // each [batch, steps, in]
    Tensor first = taps[0];
    Tensor windows = kernel == 1 ? first : first.concat(-1, rest(taps));
    Init start = init == null ? Init.fanIn((long) in * kernel) : init;
    Tensor weight =
        scope
            .param("weight", start, out, in, kernel)
            .permute(0, 2, 1) // [out, kernel, in]
            .reshape(out, kernel * in);
    return windows.apply(new Affine(true), weight, scope.param("bias", Init.zeros(), out));
  }

  /** With zeros on both sides, and behind them enough to fill the last stride. */
  private Tensor padded(Tensor x) {
    int behind = padding + stride - 1;
    return behind == 0 ? x : x.pad(1, Dim.of(padding), Dim.of(behind));
  }

  private static Tensor[] rest(Tensor[] taps) {
    return IntStream.range(1, taps.length).mapToObj(n -> taps[n]).toArray(Tensor[]::new);
  }
}
