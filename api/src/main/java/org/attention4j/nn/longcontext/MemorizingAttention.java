package org.attention4j.nn.longcontext;

import java.util.List;
import org.attention4j.error.UsageException;
import org.attention4j.nn.HeadProjections;
import org.attention4j.nn.HeadProjections.Projected;
import org.attention4j.nn.Init;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.Scope;
import org.attention4j.nn.Sizes;
import org.attention4j.op.AttentionCall;
import org.attention4j.op.Mask;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;

/**
 * The attention of the Memorizing Transformer (Wu et al. 2022, section 3): causal over the tokens
 * given, and over the nearest of the keys and values of an external memory. The memory gets no
 * gradient. The neighbours of a query are the keys of the largest products, found exactly: all
 * products with the memory are computed, but only the neighbours' values are read.
 *
 * <p>Parameters: those of the projections and, with {@link Joining#GATE}, {@code gate} [heads], of
 * which the sigmoid is the memory's share.
 *
 * @param heads as many for keys and values as for queries
 * @param neighbours at most the size of the memory
 */
public record MemorizingAttention(
    Heads heads, HeadProjections projections, int neighbours, Joining joining) {

  /** How the two results become one. */
  public enum Joining {
    /** A learned share for each head, as published. */
    GATE,
    /** One softmax over both: with every key a neighbour this is full attention. */
    SOFTMAX
  }

  /**
   * Keys and values of earlier tokens, [batch, heads, entries, head_dim] each.
   *
   * @param value with as many entries as the key
   */
  public record Memory(Tensor key, Tensor value) {

    /** These entries and, behind them, later ones. */
    public Memory and(Memory later) {
      return new Memory(key.concat(2, later.key), value.concat(2, later.value));
    }

    /** The last entries alone. */
    public Memory last(int entries) {
      Dim all = key.dim(2);
      return new Memory(
          key.slice(2, all.minus(entries), all), value.slice(2, all.minus(entries), all));
    }
  }

  /**
   * What an application gives.
   *
   * @param output [batch, time, width]
   * @param fresh keys and values of its tokens, for the memory
   */
  public record Result(Tensor output, Memory fresh) {}

  public MemorizingAttention {
    Sizes.requirePositive("MemorizingAttention", "neighbours", neighbours);
    if (heads.keyValue() != heads.count()) {
      throw new UsageException(
          "MemorizingAttention needs a key head for each query head, got "
              + heads.keyValue()
              + " for "
              + heads.count());
    }
  }

  /** With separate projections of the usual names. */
  public static MemorizingAttention of(Heads heads, int neighbours, Joining joining) {
    return new MemorizingAttention(heads, HeadProjections.separate(), neighbours, joining);
  }

  /**
   * Attention of some tokens.
   *
   * @param x [batch, time, width]
   * @param memory of tokens before those of x and of the cache
   */
  public Result apply(Scope scope, Tensor x, Memory memory) {
    Projected p = projections.project(scope, heads, x);
    Tensor key = scope.extend("key", p.key(), 2); // [batch, heads, past + time, head_dim]
    Tensor value = scope.extend("value", p.value(), 2);
    List<Tensor> near =
        AttentionCall.of(p.query(), key, value)
            .mask(Mask.causal())
            .start(scope.start())
            .applyWithLogSumExp();
    Memory fixed = new Memory(memory.key.stopGradient(), memory.value.stopGradient());
    List<Tensor> far = recall(p.query(), fixed);
    Tensor y =
        joining == Joining.SOFTMAX
            ? SoftmaxParts.merge(List.of(near.get(0), far.get(0)), List.of(near.get(1), far.get(1)))
            : gated(scope, near.get(0), far.get(0));
    return new Result(projections.join(scope, heads, y), new Memory(p.key(), p.value()));
  }

  /** Output [batch, heads, queries, head_dim] and log-sum-exp over the neighbours. */
  private List<Tensor> recall(Tensor query, Memory memory) {
    double scale = 1 / Math.sqrt((double) heads.size());
    Tensor scores = query.matmulTransposed(memory.key).mul(scale); // [.., queries, entries]
    Tensor nearest = scores.topK(neighbours); // [batch, heads, queries, neighbours]
    Tensor chosen = scores.takeAlong(3, nearest);
    Tensor values = HeadRows.take(memory.value, nearest); // [.., queries, neighbours, head_dim]
    Tensor output = chosen.softmax().insert(3).matmul(values).drop(3);
    return List.of(output, SoftmaxParts.logSumExp(chosen));
  }

  private Tensor gated(Scope scope, Tensor near, Tensor far) {
    Tensor gate = scope.param("gate", Init.zeros(), heads.count());
    Tensor share = gate.mul(0.5).tanh().add(1).mul(0.5).reshape(heads.count(), 1, 1); // sigmoid
    return far.mul(share).add(near.sub(near.mul(share)));
  }
}
