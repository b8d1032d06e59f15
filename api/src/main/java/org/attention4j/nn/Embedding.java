package org.attention4j.nn;

import org.attention4j.op.Affine;
import org.attention4j.tensor.Tensor;

/**
 * A table of vectors: ids i64 [..] to [.., width]. Parameter: {@code weight} [rows, width].
 *
 * @param init of the table
 * @param padding the row whose lookups give no gradient, as {@code padding_idx} in PyTorch; -1 for
 *     none
 */
public record Embedding(int rows, int width, Init init, long padding) implements Block {
  public Embedding {
    Sizes.requirePositive("Embedding", "rows", rows, "width", width);
  }

  /** Every lookup gives a gradient. */
  public Embedding(int rows, int width, Init init) {
    this(rows, width, init, -1);
  }

  /** Starting from a normal distribution with standard deviation 0.02. */
  public Embedding(int rows, int width) {
    this(rows, width, Init.normal(0.02));
  }

  private Tensor table(Scope scope) {
    return scope.param("weight", init, rows, width);
  }

  @Override
  public Tensor apply(Scope scope, Tensor ids) {
    Tensor vectors = table(scope).take(ids); // [.., width]
    if (padding < 0 || !scope.training()) {
      return vectors;
    }
    return ids.eq((double) padding).insert(-1).where(vectors.stopGradient(), vectors); // [.., 1]
  }

  /** The same table, whose row for padding learns nothing from lookups; negative for none. */
  public Embedding padded(long row) {
    return new Embedding(rows, width, init, Math.max(row, -1));
  }

  /**
   * Products with every row: [.., width] to logits [.., rows]. Asked for at the path of the lookup
   * it is a tied head (Press and Wolf 2017).
   */
  public Tensor project(Scope scope, Tensor x) {
    return x.apply(new Affine(true), table(scope));
  }
}
