package org.attention4j.nn.longcontext;

import org.attention4j.nn.Scope;
import org.attention4j.nn.Sizes;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Attention of the {@link StridedPattern} without the dense matrix: with time as rows of {@code
 * stride} slots, a query meets its row, the row before, and its column. Time and memory are {@code
 * n * (2 stride + n / stride)}, least near stride = sqrt(n / 2).
 */
public record StridedAttention(int stride) implements AttentionVariant {
  public StridedAttention {
    Sizes.requirePositive("StridedAttention", "stride", stride);
  }

  @Override
  public Tensor attend(
      Scope scope, Tensor query, Tensor key, Tensor value, @Nullable Tensor tokens) {
    Dim start = scope.start().dim();
    if (start == null || !start.is(0)) {
      return new PatternAttention(new StridedPattern(stride))
          .attend(scope, query, key, value, tokens);
    }
    Chunks rows = new Chunks(query.dim(2), stride);
    Tensor q = rows.cut(query, 2).mul(1 / Math.sqrt(query.type().size(-1)));
    Tensor k = rows.cut(key, 2); // [batch, heads, rows, stride, head_dim]
    Tensor v = rows.cut(value, 2);
    Tensor near = q.matmulTransposed(rows.withPrevious(k, 2)); // [.., rows, stride, 2 stride]
    Tensor far = columns(columns(q).matmulTransposed(columns(k))); // [.., rows, stride, rows]
    Tensor nearSeen = LocalAttention.near(rows, q, tokens);
    Tensor farSeen = far(rows, q, tokens);
    Tensor scores = MaskedSoftmax.hide(near, nearSeen).concat(-1, MaskedSoftmax.hide(far, farSeen));
    Tensor p = scores.softmax();
    Tensor nearby = p.slice(-1, 0, 2 * stride);
    Tensor distant = p.slice(-1, 2 * stride, rows.count().plus(2 * stride));
    Tensor zero = p.scalar(0); // for a query that sees nothing
    Tensor y = nearSeen.where(nearby, zero).matmul(rows.withPrevious(v, 2));
    Tensor above = columns(columns(farSeen.where(distant, zero)).matmul(columns(v)));
    return rows.join(y.add(above), 2);
  }

  /** Rows and places within a row swapped; its own inverse. */
  private static Tensor columns(Tensor x) {
    return x.permute(0, 1, 3, 2, 4);
  }

  /**
   * Rows above in the same column: [rows, 1, rows], with padding [batch, 1, rows, stride, rows].
   */
  private Tensor far(Chunks rows, Tensor beside, @Nullable Tensor tokens) {
    Tensor row = beside.iota(rows.count());
    Tensor allowed = row.insert(0).lt(row.insert(1)).insert(1); // [rows, 1, rows]
    if (tokens == null) {
      return allowed;
    }
    Tensor token = rows.cut(tokens.cast(DType.BOOL).cast(DType.I64), 1); // [batch, rows, stride]
    return allowed.and(token.permute(0, 2, 1).cast(DType.BOOL).insert(1).insert(1));
  }
}
