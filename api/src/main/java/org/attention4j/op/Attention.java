package org.attention4j.op;

import java.util.List;
import java.util.Map;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Op;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * Scaled dot-product attention (Vaswani et al. 2017, equation 1) with everything that changes its
 * scores as attributes. Build it with {@link AttentionCall}.
 *
 * <p>Operands: query [batch, heads, queries, head_dim], key [batch, kv_heads, keys, head_dim],
 * value [batch, kv_heads, keys, value_dim], then the extras that {@link Extras} and the mask index.
 * {@code heads} is a multiple of {@code kv_heads}; query head h reads key head h / (heads /
 * kv_heads).
 *
 * <p>Results: output [batch, heads, queries, value_dim]; with {@code logSumExp} also the natural
 * logarithm of the sum of exponentials of the masked scores, [batch, heads, queries].
 *
 * <p>Scores are {@code scale * q.k}, then softcap {@code c * tanh(s / c)}, then ALiBi {@code -slope
 * * |query slot - key slot|} and bias added, then the mask, then softmax, then dropout of the
 * weights. A query with no key to attend to gets output 0, log-sum-exp -infinity and gradient 0.
 *
 * @param mask lifted mask: {@code Mask.Operand} leaves index the extras
 * @param scale factor of the scores
 * @param softcap bound of the scores, 0 for none
 * @param start slot of the first query; null if {@code extras.start} is an operand
 * @param alibiSlopes one slope a head, or empty
 * @param dropout probability that a weight is dropped, 0 for none
 * @param dropoutSite which mask of the seed to use, see {@link Dropout}
 * @param extras indices of the optional operands
 * @param logSumExp whether there is a second result
 */
public record Attention(
    Mask mask,
    double scale,
    double softcap,
    @Nullable Dim start,
    List<Double> alibiSlopes,
    double dropout,
    long dropoutSite,
    Extras extras,
    boolean logSumExp)
    implements Composite {

  /** Number of operands before the extras. */
  public static final int FIXED_OPERANDS = 3;

  /**
   * Indices among the extra operands, -1 where there is none.
   *
   * @param start slot of the first query, i64 scalar (static cache: keys beyond it are hidden)
   * @param bias added to the scores, broadcasts to [batch, heads, queries, keys]
   * @param seed i64 scalar for dropout
   */
  public record Extras(int start, int bias, int seed) {
    /** No optional operand. */
    public static final Extras NONE = new Extras(-1, -1, -1);
  }

  public Attention {
    alibiSlopes = List.copyOf(alibiSlopes);
  }

  @Override
  public Attention bind(Map<String, Long> sizes) {
    return start == null || start.known() ? this : withStart(start.bind(sizes));
  }

  private Attention withStart(Dim bound) {
    return new Attention(
        mask, scale, softcap, bound, alibiSlopes, dropout, dropoutSite, extras, logSumExp);
  }

  /** With the log-sum-exp, from which a kernel's gradient recomputes the weights. */
  @Override
  public Attention withSavedResults() {
    return logSumExp
        ? this
        : new Attention(
            mask, scale, softcap, start, alibiSlopes, dropout, dropoutSite, extras, true);
  }

  @Override
  public List<TensorType> infer(List<TensorType> in) {
    Op.check(in.size() >= FIXED_OPERANDS, this, "query, key and value", in);
    TensorType query = in.get(0);
    TensorType key = in.get(1);
    TensorType value = in.get(2);
    Op.check(
        query.rank() == 4 && key.rank() == 4 && value.rank() == 4,
        this,
        "query, key and value as [batch, heads, time, head_dim]",
        in);
    Op.check(
        query.dtype() == key.dtype() && key.dtype() == value.dtype() && key.dtype().isFloating(),
        this,
        "query, key and value of one floating type",
        in);
    Op.check(query.dim(-1).equals(key.dim(-1)), this, "query and key of one head_dim", in);
    Op.check(
        key.dims().subList(0, 3).equals(value.dims().subList(0, 3)),
        this,
        "key and value equal in batch, heads and time",
        in);
    Op.check(query.dim(0).equals(key.dim(0)), this, "query and key of one batch size", in);
    Op.check(
        key.size(1) > 0 && query.size(1) % key.size(1) == 0,
        this,
        "heads a multiple of kv_heads",
        in);
    Op.check(
        alibiSlopes.isEmpty() || alibiSlopes.size() == query.size(1),
        this,
        "a slope for each head",
        in);
    TensorType output = query.with(-1, value.dim(-1));
    return logSumExp ? List.of(output, query.with(query.dims().subList(0, 3))) : List.of(output);
  }

  @Override
  public List<Tensor> expand(List<Tensor> in) {
    Tensor value = in.get(2);
    Scores scores = scores(in);
    Tensor weights = scores.weights();
    if (dropout > 0) {
      weights = Dropout.apply(weights, extra(in, extras.seed()), dropout, dropoutSite);
    }
    Tensor output = groupedMatMul(weights, value, false);
    return logSumExp ? List.of(output, scores.logSumExp()) : List.of(output);
  }

  /** Masked scores and what is allowed; the weights op shares it. */
  Scores scores(List<Tensor> in) {
    Tensor query = in.get(0);
    Tensor key = in.get(1);
    Tensor s = groupedMatMul(query, key, true).mul(scale); // [batch, heads, queries, keys]
    if (softcap > 0) {
      s = s.div(softcap).tanh().mul(softcap);
    }
    Slots slots = slots(in);
    if (!alibiSlopes.isEmpty()) {
      s = s.sub(alibi(slots, query));
    }
    if (extras.bias() >= 0) {
      s = s.add(extra(in, extras.bias()));
    }
    return new Scores(s, allowed(in, slots));
  }

  /**
   * What is added to the scores, ALiBi and bias; null for nothing. Broadcasts to [batch, heads,
   * queries, keys].
   */
  public @Nullable Tensor added(List<Tensor> in) {
    Tensor bias = extras.bias() < 0 ? null : extra(in, extras.bias());
    if (alibiSlopes.isEmpty()) {
      return bias;
    }
    Tensor distant = alibi(slots(in), in.get(0)).neg();
    return bias == null ? distant : distant.add(bias);
  }

  /**
   * Which pairs take part, by the mask and by what a static cache has not filled yet; null for all.
   * A boolean that broadcasts to [batch, heads, queries, keys].
   */
  public @Nullable Tensor allowed(List<Tensor> in) {
    return allowed(in, slots(in));
  }

  private @Nullable Tensor allowed(List<Tensor> in, Slots slots) {
    Tensor query = in.get(0);
    List<Tensor> rest = in.subList(FIXED_OPERANDS, in.size());
    Tensor allowed = mask.allowed(slots.query(), slots.key(), rest);
    if (start == null) { // a static cache holds slots that are not filled yet
      Tensor end = extra(in, extras.start()).add(query.value(query.dim(2)));
      Tensor filled = slots.key().lt(end);
      allowed = allowed == null ? filled : allowed.and(filled);
    }
    return allowed;
  }

  /** Slopes times distances, [heads, queries, keys]. */
  private Tensor alibi(Slots slots, Tensor beside) {
    Tensor distance = slots.query().sub(slots.key()).abs().cast(beside.dtype()); // [queries, keys]
    Tensor slopes = beside.constant(alibiSlopes.stream().mapToDouble(d -> d).toArray());
    return distance.mul(slopes.reshape(alibiSlopes.size(), 1, 1)); // [heads, 1, 1]
  }

  /** Where queries [queries, 1] and keys [1, keys] stand. */
  private record Slots(Tensor query, Tensor key) {}

  private Slots slots(List<Tensor> in) {
    Tensor query = in.get(0);
    Start first = start != null ? new Start(start, null) : Start.at(extra(in, extras.start()));
    return new Slots(
        first.slots(query, query.dim(2)).insert(1), query.iota(in.get(1).dim(2)).insert(0));
  }

  private Tensor extra(List<Tensor> in, int index) {
    return in.get(FIXED_OPERANDS + index);
  }

  /** {@code a [b, h, ..] x b [b, g, ..]}: each of the g heads of b serves h / g heads of a. */
  private static Tensor groupedMatMul(Tensor a, Tensor b, boolean transpose) {
    int heads = a.type().size(1);
    int groups = b.type().size(1);
    if (heads == groups) {
      return transpose ? a.matmulTransposed(b) : a.matmul(b);
    }
    Tensor grouped = a.split(1, groups, heads / groups); // [batch, kv_heads, group, .., ..]
    Tensor shared = b.insert(2); // [batch, kv_heads, 1, .., ..]
    return (transpose ? grouped.matmulTransposed(shared) : grouped.matmul(shared)).merge(1, 2);
  }

  /**
   * Scores before the mask [batch, heads, queries, keys], and where they count (null: everywhere).
   */
  record Scores(Tensor raw, @Nullable Tensor allowed) {

    /** Hidden scores get a finite value: with -infinity the gradient would be 0 x NaN. */
    private Tensor masked() {
      return allowed == null ? raw : allowed.where(raw, raw.scalar(hidden(raw.dtype())));
    }

    Tensor weights() {
      Tensor p = masked().softmax();
      return allowed == null ? p : allowed.where(p, p.scalar(0)); // an empty row is 0
    }

    Tensor logSumExp() {
      Tensor s = masked();
      Tensor most = s.maximum(-1).stopGradient();
      Tensor e = s.sub(most).exp();
      if (allowed != null) {
        e = allowed.where(e, e.scalar(0));
      }
      Tensor sum = e.sum(-1);
      if (allowed == null) {
        return sum.log().add(most).drop(-1); // [batch, heads, queries]
      }
      Tensor empty = sum.eq(0);
      Tensor safe = empty.where(sum.scalar(1), sum).log().add(most);
      return empty.where(safe.scalar(Double.NEGATIVE_INFINITY), safe).drop(-1);
    }

    private static double hidden(DType dtype) {
      return dtype == DType.F16 ? -6e4 : -1e30;
    }
  }
}
