package org.attention4j.nn.longcontext;

import org.attention4j.nn.Scope;
import org.attention4j.nn.Sizes;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Attention whose weights are products of features, so that keys and values are summed up once:
 * time and memory linear in the length. With {@link EluFeatures} it is linear attention
 * (Katharopoulos et al. 2020), with {@link PositiveRandomFeatures} the Performer (Choromanski et
 * al. 2021).
 *
 * <p>The causal form is parallel over chunks, and an RNN as well: {@link #step} takes a state
 * [batch, heads, features, value_dim + 1], the sum over the keys so far of {@code features(k) (v,
 * 1)^T}, and costs the same at every position. A query with nothing to attend to gets 0.
 *
 * <p>In a decoding with a KV cache the weights of a step's queries with all cached keys are
 * computed, as in softmax attention; for constant memory keep the state instead.
 *
 * @param features of queries and keys
 * @param causal whether a query sees the keys up to its own only
 * @param chunk queries that are computed at once in the causal form; changes speed and memory only
 */
public record LinearAttention(FeatureMap features, boolean causal, int chunk)
    implements AttentionVariant {
  public LinearAttention {
    Sizes.requirePositive("LinearAttention", "chunk", chunk);
  }

  /** In chunks of 128. */
  public LinearAttention(FeatureMap features, boolean causal) {
    this(features, causal, 128);
  }

  /**
   * What a run over some tokens gives.
   *
   * @param output [batch, heads, time, value_dim]
   * @param state behind the last token, [batch, heads, features, value_dim + 1]
   */
  public record Result(Tensor output, Tensor state) {}

  @Override
  public Tensor attend(
      Scope scope, Tensor query, Tensor key, Tensor value, @Nullable Tensor tokens) {
    Tensor q = features.query(query); // [batch, heads, queries, features]
    Tensor k = features.key(key); // [batch, heads, keys, features]
    if (tokens != null) {
      Tensor token = tokens.cast(DType.BOOL).cast(k.dtype());
      k = k.mul(token.insert(1).insert(-1)); // [batch, 1, keys, 1]
    }
    Tensor v = withOnes(value);
    if (!causal) {
      return normalised(q.matmul(k.transpose().matmul(v)));
    }
    Dim start = scope.start().dim();
    if (start != null && start.is(0)) {
      return chunked(q, k, v, null).output();
    }
    Tensor querySlot = scope.start().slots(q, q.dim(2)).insert(1); // [queries, 1]
    return normalised(upTo(querySlot, q.iota(k.dim(2)).insert(0), q.matmulTransposed(k)).matmul(v));
  }

  /**
   * The causal form over several tokens, in parallel.
   *
   * @param query [batch, heads, time, head_dim]
   * @param key [batch, heads, time, head_dim]
   * @param value [batch, heads, time, value_dim]
   * @param state what came before, as {@link Result#state}; null for nothing
   */
  public Result run(Tensor query, Tensor key, Tensor value, @Nullable Tensor state) {
    return chunked(features.query(query), features.key(key), withOnes(value), state);
  }

  /**
   * One token of the recurrent form: the state grows by the token's outer product, then answers the
   * query.
   *
   * @param query [batch, heads, 1, head_dim]
   * @param key [batch, heads, 1, head_dim]
   * @param value [batch, heads, 1, value_dim]
   * @param state [batch, heads, features, value_dim + 1], zeros at first
   */
  public Result step(Tensor query, Tensor key, Tensor value, Tensor state) {
    Tensor grown = state.add(features.key(key).transpose().matmul(withOnes(value)));
    return new Result(normalised(features.query(query).matmul(grown)), grown);
  }

  /** Within a chunk by pairs, before it by the state in front of the chunk. */
  private Result chunked(Tensor q, Tensor k, Tensor v, @Nullable Tensor state) {
    Chunks chunks = new Chunks(q.dim(2), chunk);
    Tensor qs = chunks.cut(q, 2); // [batch, heads, count, chunk, features]
    Tensor ks = chunks.cut(k, 2);
    Tensor vs = chunks.cut(v, 2); // [batch, heads, count, chunk, value_dim + 1]
    Tensor own = ks.transpose().matmul(vs); // [batch, heads, count, features, value_dim + 1]
    Tensor before = sumBefore(own, chunks.count());
    Tensor last = own.sum(2).drop(2);
    if (state != null) {
      before = before.add(state.insert(2));
      last = last.add(state);
    }
    Tensor place = q.iota(Dim.of(chunk));
    Tensor pairs = upTo(place.insert(1), place.insert(0), qs.matmulTransposed(ks));
    Tensor sums = pairs.matmul(vs).add(qs.matmul(before));
    return new Result(normalised(chunks.join(sums, 2)), last);
  }

  /** Sums over the chunks before each: a product with a strictly lower triangle of ones. */
  private static Tensor sumBefore(Tensor own, Dim count) {
    Tensor at = own.iota(count);
    Tensor earlier = at.insert(0).lt(at.insert(1)).cast(own.dtype()); // [count, count]
    Tensor flat = own.merge(3, 2); // [batch, heads, count, features * (value_dim + 1)]
    return Chunks.mix(earlier, flat).reshape(own.type().dims());
  }

  /** Weights of keys behind the query are 0. */
  private static Tensor upTo(Tensor querySlot, Tensor keySlot, Tensor weights) {
    return keySlot.le(querySlot).where(weights, weights.scalar(0));
  }

  /** A last column of ones, whose weighted sum is the normaliser. */
  private static Tensor withOnes(Tensor value) {
    Tensor one = value.scalar(1).expand(value.type().with(-1, 1).dims());
    return value.concat(-1, one);
  }

  /** [.., value_dim + 1] to [.., value_dim]. */
  private static Tensor normalised(Tensor sums) {
    int width = sums.type().size(-1) - 1;
    Tensor norm = sums.slice(-1, width, width + 1);
    return sums.slice(-1, 0, width).div(norm.eq(0).where(norm.scalar(1), norm));
  }
}
