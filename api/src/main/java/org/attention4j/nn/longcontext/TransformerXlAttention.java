package org.attention4j.nn.longcontext;

import org.attention4j.error.ShapeException;
import org.attention4j.error.UsageException;
import org.attention4j.nn.Block;
import org.attention4j.nn.HeadProjections;
import org.attention4j.nn.Init;
import org.attention4j.nn.Linear;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.RelativeLogits;
import org.attention4j.nn.Scope;
import org.attention4j.nn.Sizes;
import org.attention4j.op.AttentionCall;
import org.attention4j.op.Mask;
import org.attention4j.op.Positions;
import org.attention4j.op.Start;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The attention of Transformer-XL (Dai et al. 2019, section 3): causal over a segment and the
 * hidden states of the one before, with relative positions, so that these mean the same from every
 * segment.
 *
 * <p>The score of query i and key j is {@code ((q_i + u) . k_j + (q_i + v) . W r(i - j)) /
 * sqrt(head_dim)}, with sinusoidal r. Parameters: those of the projections; {@code position.weight}
 * [heads * head_dim, width]; {@code content_bias} u and {@code position_bias} v [heads, head_dim].
 *
 * <p>In a decoding the cache takes the place of the memory: then the whole past is seen.
 *
 * @param heads as many for keys and values as for queries; an even width
 */
public record TransformerXlAttention(Heads heads, HeadProjections projections) implements Block {
  public TransformerXlAttention {
    if (heads.keyValue() != heads.count() || heads.width() % 2 != 0) {
      throw new UsageException(
          "TransformerXlAttention needs a key head for each query head and an even width, got "
              + heads);
    }
  }

  /** Separate projections without biases. */
  public static TransformerXlAttention of(Heads heads) {
    Linear.Style plain = Linear.Style.usual().withoutBias();
    return new TransformerXlAttention(heads, HeadProjections.separate().styled(plain, plain));
  }

  /** A first segment: [batch, time, width] to the same. */
  @Override
  public Tensor apply(Scope scope, Tensor x) {
    return apply(scope, x, null);
  }

  /**
   * [batch, time, width] to the same.
   *
   * @param memory what this layer saw of the time just before, [batch, memory, width], see {@link
   *     #remember}; no gradient goes there. Null for none.
   */
  public Tensor apply(Scope scope, Tensor x, @Nullable Tensor memory) {
    Scope own = memory == null ? scope : scope.uncached();
    Tensor seen = memory == null ? x : memory.stopGradient().concat(1, x);
    Start start = memory == null ? scope.start() : Start.at(memory.dim(1));
    Tensor query = projections.query(scope, heads, x);
    Tensor key = own.extend("key", projections.key(scope, heads, seen), 2);
    Tensor value = own.extend("value", projections.value(scope, heads, seen), 2);
    Tensor far = query.add(bias(scope, "position_bias"));
    Tensor byDistance = far.matmulTransposed(positions(scope, x, key.dim(2)));
    double scale = 1 / Math.sqrt((double) heads.size());
    Tensor y =
        AttentionCall.of(query.add(bias(scope, "content_bias")), key, value)
            .mask(Mask.causal())
            .start(start)
            .bias(RelativeLogits.align(byDistance.mul(scale), start))
            .apply();
    return projections.join(scope, heads, y);
  }

  /** [heads, 1, head_dim]. */
  private Tensor bias(Scope scope, String name) {
    return scope.param(name, Init.zeros(), heads.count(), heads.size()).insert(1);
  }

  /** The projected sinusoid of each distance, farthest first: [heads, keys, head_dim]. */
  private Tensor positions(Scope scope, Tensor x, Dim keys) {
    Tensor distance = RelativeLogits.distances(x, keys);
    Tensor wave = Positions.sinusoidInHalves(distance, heads.width(), x.dtype()); // [keys, width]
    Linear.Style plain = Linear.Style.usual().withoutBias();
    Linear linear = new Linear(heads.width(), heads.count() * heads.size(), plain);
    return scope
        .call("position", linear, wave)
        .split(-1, heads.count(), heads.size())
        .permute(1, 0, 2);
  }

  /**
   * The memory for the next segment: the last {@code length} states of the memory and this segment.
   *
   * @param memory [batch, memory, width]
   * @param x what this layer was given, [batch, time, width]
   * @return [batch, length, width]
   * @throws ShapeException if both together are known to be shorter
   */
  public static Tensor remember(Tensor memory, Tensor x, int length) {
    Sizes.requirePositive("TransformerXlAttention", "length", length);
    Tensor all = memory.concat(1, x).stopGradient();
    Dim total = all.dim(1);
    return all.slice(1, total.minus(length), total);
  }
}
