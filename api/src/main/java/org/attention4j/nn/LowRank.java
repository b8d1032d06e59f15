package org.attention4j.nn;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.attention4j.error.UsageException;
import org.attention4j.op.Affine;
import org.attention4j.tensor.Tensor;

/**
 * Low-rank adaptation (LoRA; Hu et al. 2021, equation 3): {@code y + scale * (x A^T) B^T} at the
 * linear layers whose paths match. Parameters {@code lora_A.weight} [rank, in], which starts as a
 * linear layer does, and {@code lora_B.weight} [out, rank], zero at first: at the beginning nothing
 * changes.
 *
 * @param rank of the update
 * @param scale alpha / rank, as the paper has it
 * @param dropout of the adapter's input in training
 * @param targets regular expression that the whole path of a layer matches
 */
public record LowRank(int rank, double scale, double dropout, String targets)
    implements LinearAdapter {
  /** Ends of the paths of its parameters. */
  public static final String DOWN = "lora_A.weight";

  /** {@link #DOWN} for the second matrix. */
  public static final String UP = "lora_B.weight";

  public LowRank {
    Sizes.requirePositive("LowRank", "rank", rank);
    Sizes.requireProbability("LowRank", dropout);
    if (!Double.isFinite(scale)) {
      throw new UsageException("LowRank: the scale must be finite, not " + scale);
    }
    try {
      Pattern.compile(targets);
    } catch (PatternSyntaxException e) {
      throw new UsageException("LowRank: targets are no regular expression: " + e.getMessage(), e);
    }
  }

  /** Whether a parameter belongs to an adapter. */
  public static boolean owns(String path) {
    return path.endsWith("." + DOWN) || path.endsWith("." + UP);
  }

  @Override
  public Tensor adapt(Scope scope, Linear layer, Tensor x, Tensor y) {
    if (!scope.path().matches(targets)) {
      return y;
    }
    Affine product = new Affine(true);
    Tensor down = scope.param(DOWN, Init.fanIn(layer.in()), rank, layer.in());
    Tensor up = scope.param(UP, Init.zeros(), layer.out(), rank);
    Tensor low = scope.dropout("lora_dropout", x, dropout).apply(product, down); // [.., rank]
    return y.add(low.apply(product, up).mul(scale)); // [.., out]
  }
}
