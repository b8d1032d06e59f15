package org.attention4j.op;

import java.util.ArrayList;
import java.util.List;
import org.attention4j.error.ShapeException;
import org.attention4j.op.Attention.Extras;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Collects the operands and attributes of one {@link Attention}, then applies it.
 *
 * <pre>{@code
 * Tensor y = AttentionCall.of(query, key, value).mask(Mask.causal()).start(scope.start()).apply();
 * }</pre>
 *
 * <p>Without further calls: scale 1/sqrt(head_dim), no mask, queries from slot 0.
 */
public final class AttentionCall {
  private final Tensor query;
  private final Tensor key;
  private final Tensor value;
  private Mask mask = Mask.all();
  private double scale;
  private double softcap;
  private Start start = Start.ZERO;
  private List<Double> alibiSlopes = List.of();
  private @Nullable Tensor bias;
  private @Nullable Tensor seed;
  private double dropout;
  private long dropoutSite;

  private AttentionCall(Tensor query, Tensor key, Tensor value) {
    this.query = query;
    this.key = key;
    this.value = value;
    this.scale = 1 / Math.sqrt(query.type().size(-1));
  }

  /** query [batch, heads, queries, head_dim], key and value [batch, kv_heads, keys, head_dim]. */
  public static AttentionCall of(Tensor query, Tensor key, Tensor value) {
    return new AttentionCall(query, key, value);
  }

  public AttentionCall mask(Mask newMask) {
    mask = newMask;
    return this;
  }

  /** Factor of the scores, instead of 1/sqrt(head_dim). */
  public AttentionCall scale(double factor) {
    scale = factor;
    return this;
  }

  /** Bounds the scores to (-cap, cap) by tanh (Gemma 2); 0 for none. */
  public AttentionCall softcap(double cap) {
    softcap = cap;
    return this;
  }

  /** Slot of the first query: the length of the cache. */
  public AttentionCall start(Start slot) {
    start = slot;
    return this;
  }

  /** One slope for each head (Press et al. 2022); see {@link Positions#alibiSlopes}. */
  public AttentionCall alibi(List<Double> slopes) {
    alibiSlopes = slopes;
    return this;
  }

  /** Added to the scores; broadcasts to [batch, heads, queries, keys]. Null for none. */
  public AttentionCall bias(@Nullable Tensor added) {
    bias = added;
    return this;
  }

  /** Drops weights with this probability; the seed is an i64 scalar. */
  public AttentionCall dropout(double probability, @Nullable Tensor seedScalar, long site) {
    if (probability > 0 && seedScalar == null) {
      throw new ShapeException("attention dropout needs a seed");
    }
    dropout = seedScalar == null ? 0 : probability;
    seed = dropout > 0 ? seedScalar : null;
    dropoutSite = dropout > 0 ? site : 0;
    return this;
  }

  /** The output [batch, heads, queries, value_dim]. */
  public Tensor apply() {
    Bound bound = bind(false);
    return Tensor.run(query.executor(), bound.op, bound.operands).get(0);
  }

  /** Output and log-sum-exp [batch, heads, queries]. */
  public List<Tensor> applyWithLogSumExp() {
    Bound bound = bind(true);
    return Tensor.run(query.executor(), bound.op, bound.operands);
  }

  /** The attention probabilities [batch, heads, queries, keys]. */
  public Tensor weights() {
    Bound bound = bind(false);
    return Tensor.run(query.executor(), new AttentionWeights(bound.op), bound.operands).get(0);
  }

  private record Bound(Attention op, List<Tensor> operands) {}

  private Bound bind(boolean logSumExp) {
    List<Tensor> rest = new ArrayList<>();
    Mask lifted = mask.lift(rest);
    checkMasks(rest);
    Extras extras = new Extras(add(rest, start.value()), add(rest, bias), add(rest, seed));
    Attention op =
        new Attention(
            lifted,
            scale,
            softcap,
            start.dim(),
            alibiSlopes,
            dropout,
            dropoutSite,
            extras,
            logSumExp);
    List<Tensor> operands = new ArrayList<>(List.of(query, key, value));
    operands.addAll(rest);
    return new Bound(op, operands);
  }

  private void checkMasks(List<Tensor> masks) {
    for (Tensor given : masks) {
      if (given.dtype() != DType.BOOL && !given.dtype().isInteger()) {
        throw new ShapeException(
            "an attention mask is boolean or integer (true = attend), got "
                + given.type()
                + "; scores to add go to bias()");
      }
    }
  }

  private static int add(List<Tensor> rest, @Nullable Tensor operand) {
    if (operand == null) {
      return -1;
    }
    rest.add(operand);
    return rest.size() - 1;
  }
}
