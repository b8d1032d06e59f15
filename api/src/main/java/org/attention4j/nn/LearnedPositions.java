package org.attention4j.nn;

import org.attention4j.error.ShapeException;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;

/**
 * Adds a learned vector of each position to x [batch, time, width]. Parameter: {@code weight}
 * [context + offset, width].
 *
 * @param context longest sequence
 * @param offset added to every position: 2 in BART and OPT
 * @param padding the row whose lookups give no gradient (RoBERTa); -1 for none
 */
public record LearnedPositions(int context, int width, int offset, Init init, long padding)
    implements Block {
  public LearnedPositions {
    Sizes.requirePositive("LearnedPositions", "context", context, "width", width);
  }

  /** Every lookup gives a gradient. */
  public LearnedPositions(int context, int width, int offset, Init init) {
    this(context, width, offset, init, -1);
  }

  /** Without an offset, starting from a normal distribution with standard deviation 0.02. */
  public LearnedPositions(int context, int width) {
    this(context, width, 0, Init.normal(0.02));
  }

  /** The same table, whose row for padding learns nothing from lookups; negative for none. */
  public LearnedPositions padded(long row) {
    return new LearnedPositions(context, width, offset, init, Math.max(row, -1));
  }

  @Override
  public Tensor apply(Scope scope, Tensor x) {
    Dim time = x.dim(1);
    if (time.known() && time.longSize() > context) {
      throw new ShapeException(
          "LearnedPositions: " + time + " tokens are more than the context of " + context);
    }
    Tensor positions = scope.positionsOf(x);
    Tensor rows = offset == 0 ? positions : positions.add(offset);
    return x.add(new Embedding(context + offset, width, init, padding).apply(scope, rows));
  }
}
