package org.attention4j.nn;

import org.attention4j.error.UsageException;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The linear layers around attention: how they are cut, named and styled.
 *
 * @param input style of the projections to queries, keys and values
 * @param output style of the projection of the joined heads
 * @param bound of the features of queries, keys and values, which are cut off beyond it (MPT); 0
 *     for none
 */
public record HeadProjections(
    Inputs names, String out, Linear.Style input, Linear.Style output, double bound) {

  /** The projections of the input, and their names below the block's path. */
  public sealed interface Inputs {}

  /**
   * Three layers.
   *
   * @param keyBias whether that of the keys may have a bias; none in Whisper
   * @param queryStart how that of the queries starts; null: as the style says
   */
  public record Separate(
      String query, String key, String value, boolean keyBias, @Nullable Init queryStart)
      implements Inputs {
    /** All alike. */
    public Separate(String query, String key, String value) {
      this(query, key, value, true, null);
    }
  }

  /**
   * One layer whose output is all queries, then all keys, then all values (GPT-2, Phi-3).
   *
   * @param name of the layer
   */
  public record Fused(String name) implements Inputs {}

  /**
   * One layer whose output is, for each key head, its queries, its key and its value (GPT-NeoX,
   * Falcon).
   *
   * @param name of the layer
   */
  public record FusedByHead(String name) implements Inputs {}

  /** Queries [batch, heads, time, head_dim], keys and values [batch, kv_heads, time, head_dim]. */
  public record Projected(Tensor query, Tensor key, Tensor value) {}

  /** Three layers with PyTorch's names: q_proj, k_proj, v_proj, out_proj. */
  public static HeadProjections separate() {
    return separate("q_proj", "k_proj", "v_proj", "out_proj");
  }

  /** Three layers. */
  public static HeadProjections separate(String query, String key, String value, String out) {
    return usual(new Separate(query, key, value), out);
  }

  /** One layer, queries first; in GPT-2 c_attn and c_proj. */
  public static HeadProjections fused(String name, String out) {
    return usual(new Fused(name), out);
  }

  /** One layer, head by head; in GPT-NeoX query_key_value and dense. */
  public static HeadProjections fusedByHead(String name, String out) {
    return usual(new FusedByHead(name), out);
  }

  private static HeadProjections usual(Inputs names, String out) {
    return new HeadProjections(names, out, Linear.Style.usual(), Linear.Style.usual(), 0);
  }

  /**
   * Three layers, of which that of the keys has no bias, whatever the style says.
   *
   * @throws UsageException if they are one layer
   */
  public HeadProjections withoutKeyBias() {
    Separate all = separateNames();
    Separate less = new Separate(all.query, all.key, all.value, false, all.queryStart);
    return new HeadProjections(less, out, input, output, bound);
  }

  /**
   * Three layers, of which that of the queries starts by its own rule: smaller where scores have no
   * scale (T5).
   *
   * @throws UsageException if they are one layer
   */
  public HeadProjections startingQueries(Init start) {
    Separate all = separateNames();
    Separate own = new Separate(all.query, all.key, all.value, all.keyBias, start);
    return new HeadProjections(own, out, input, output, bound);
  }

  public HeadProjections styled(Linear.Style newInput, Linear.Style newOutput) {
    return new HeadProjections(names, out, newInput, newOutput, bound);
  }

  /** Features beyond a bound are cut off there; 0 for none. */
  public HeadProjections clipped(double newBound) {
    return new HeadProjections(names, out, input, output, newBound);
  }

  private Tensor clip(Tensor x) {
    return bound == 0 ? x : x.max(-bound).min(bound);
  }

  /** Projections of one sequence to itself. */
  public Projected project(Scope scope, Heads heads, Tensor x) {
    if (names instanceof Fused fused) {
      return cutInBlocks(heads, all(scope, fused.name, heads, x));
    }
    if (names instanceof FusedByHead fused) {
      return cutByHead(heads, all(scope, fused.name, heads, x));
    }
    return new Projected(query(scope, heads, x), key(scope, heads, x), value(scope, heads, x));
  }

  private Tensor all(Scope scope, String name, Heads heads, Tensor x) {
    int out = (heads.count() + 2 * heads.keyValue()) * heads.size();
    return clip(scope.call(name, new Linear(heads.width(), out, input), x));
  }

  private static Projected cutInBlocks(Heads heads, Tensor all) {
    int queries = heads.count() * heads.size();
    int keys = heads.keyValue() * heads.size();
    Tensor query = all.slice(-1, 0, queries);
    Tensor key = all.slice(-1, queries, queries + keys);
    Tensor value = all.slice(-1, queries + keys, queries + 2 * keys);
    return new Projected(
        split(query, heads.count()), split(key, heads.keyValue()), split(value, heads.keyValue()));
  }

  private static Projected cutByHead(Heads heads, Tensor all) {
    int group = heads.count() / heads.keyValue();
    Tensor cut = all.split(-1, heads.keyValue(), group + 2, heads.size());
    Tensor first = cut.permute(0, 2, 3, 1, 4); // [batch, kv_heads, group + 2, time, head_dim]
    return new Projected(
        first.slice(2, 0, group).merge(1, 2), first.at(2, group), first.at(2, group + 1));
  }

  /**
   * The queries alone, [batch, heads, time, head_dim].
   *
   * @throws UsageException if the projections are one layer
   */
  public Tensor query(Scope scope, Heads heads, Tensor x) {
    Separate all = separateNames();
    Linear.Style style = all.queryStart == null ? input : input.starting(all.queryStart);
    return one(scope, all.query, style, heads.count(), heads.size(), x);
  }

  /**
   * The keys alone, [batch, kv_heads, time, head_dim].
   *
   * @throws UsageException if the projections are one layer
   */
  public Tensor key(Scope scope, Heads heads, Tensor x) {
    Separate all = separateNames();
    Linear.Style style = all.keyBias ? input : input.withoutBias();
    return one(scope, all.key, style, heads.keyValue(), heads.size(), x);
  }

  /**
   * The values alone, [batch, kv_heads, time, head_dim].
   *
   * @throws UsageException if the projections are one layer
   */
  public Tensor value(Scope scope, Heads heads, Tensor x) {
    return one(scope, separateNames().value, input, heads.keyValue(), heads.size(), x);
  }

  private Separate separateNames() {
    if (names instanceof Separate separate) {
      return separate;
    }
    throw new UsageException(
        "queries, keys and values need projections of their own here, not " + names);
  }

  private Tensor one(Scope scope, String name, Linear.Style style, int count, int size, Tensor x) {
    Linear linear = new Linear(x.type().size(-1), count * size, style);
    return split(clip(scope.call(name, linear, x)), count);
  }

  /** [batch, time, heads * head_dim] to [batch, heads, time, head_dim]. */
  private static Tensor split(Tensor x, int heads) {
    return x.split(-1, heads, x.type().size(-1) / heads).permute(0, 2, 1, 3);
  }

  /** [batch, heads, time, head_dim] to [batch, time, width]. */
  public Tensor join(Scope scope, Heads heads, Tensor x) {
    Tensor joined = x.permute(0, 2, 1, 3).merge(-2, 2); // [batch, time, heads * head_dim]
    Linear linear = new Linear(heads.count() * heads.size(), heads.width(), output);
    return scope.call(out, linear, joined);
  }
}
