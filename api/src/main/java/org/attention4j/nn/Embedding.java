package org.attention4j.nn;

import org.attention4j.op.Affine;
import org.attention4j.tensor.Tensor;

/**
 * A table of vectors: ids i64 [..] to [.., width]. Parameter: {@code weight} [rows, width].
 *
 * @param init of the table
 */
public record Embedding(int rows, int width, Init init) implements Block {
  public Embedding {
    Sizes.requirePositive("Embedding", "rows", rows, "width", width);
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
    return table(scope).take(ids);
  }

  /**
   * Products with every row: [.., width] to logits [.., rows]. Asked for at the path of the lookup
   * it is a tied head (Press and Wolf 2017).
   */
  public Tensor project(Scope scope, Tensor x) {
    return x.apply(new Affine(true), table(scope));
  }
}
