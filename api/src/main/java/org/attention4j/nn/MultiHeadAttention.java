package org.attention4j.nn;

import java.util.List;
import org.attention4j.error.UsageException;
import org.attention4j.op.AttentionCall;
import org.attention4j.op.Mask;
import org.attention4j.op.Positions;
import org.attention4j.op.RotaryEmbedding;
import org.attention4j.op.Start;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Multi-head attention (Vaswani et al. 2017, section 3.2.2), self and cross, with fewer heads of
 * keys and values if wanted (Shazeer 2019; Ainslie et al. 2023). Reports the probabilities [batch,
 * heads, queries, keys] as {@code weights}; nothing is computed for that unless it is observed.
 *
 * <p>One code path with and without a cache: keys and values go through {@link Scope#extend}, those
 * of cross-attention through {@link Scope#once}.
 *
 * @param pairing what happens to queries and keys before their product
 * @param scores what happens to the products
 */
public record MultiHeadAttention(
    Heads heads, HeadProjections projections, Pairing pairing, Scores scores) implements Block {

  /**
   * Sizes.
   *
   * @param width of the input and the output
   * @param count heads of the queries
   * @param keyValue heads of keys and values; {@code count} is a multiple of it
   * @param size features of one head
   */
  public record Heads(int width, int count, int keyValue, int size) {
    public Heads {
      Sizes.requirePositive(
          "Heads", "width", width, "count", count, "keyValue", keyValue, "size", size);
      if (count % keyValue != 0) {
        throw new UsageException(
            "Heads: " + count + " query heads are no multiple of " + keyValue + " key heads");
      }
    }

    /** The width cut evenly; keys and values have a head for each of the queries'. */
    public static Heads of(int width, int count) {
      return grouped(width, count, count);
    }

    /** The width cut evenly, with fewer heads for keys and values. */
    public static Heads grouped(int width, int count, int keyValue) {
      if (count < 1 || width % count != 0) {
        throw new UsageException("Heads: width " + width + " is no multiple of " + count);
      }
      return new Heads(width, count, keyValue, width / count);
    }
  }

  /**
   * What happens to queries and keys before their product.
   *
   * @param norm of each head's features, at {@code q_norm} and {@code k_norm} (Qwen 3), or null
   * @param rotary turns them by position, or null
   */
  public record Pairing(@Nullable Block norm, @Nullable Rotation rotary) {
    /** Nothing. */
    public static final Pairing PLAIN = new Pairing(null, null);

    public static Pairing rotary(RotaryEmbedding embedding) {
      return new Pairing(null, new Rotation.Fixed(embedding));
    }

    public static Pairing rotary(Rotation rotation) {
      return new Pairing(null, rotation);
    }

    public Pairing normalised(Block newNorm) {
      return new Pairing(newNorm, rotary);
    }
  }

  /**
   * What happens to the products of queries and keys.
   *
   * @param mask structure that every call has: causal, window
   * @param scale their factor; 0 for 1/sqrt(head_dim)
   * @param softcap bound by tanh, 0 for none
   * @param alibi how much distances lower them, one slope a head (Press et al. 2022); or empty
   * @param dropout of the probabilities
   */
  public record Scores(
      Mask mask, double scale, double softcap, List<Double> alibi, double dropout) {
    public Scores {
      alibi = List.copyOf(alibi);
      Sizes.requireProbability("Scores", dropout);
    }

    /** Under a mask, with the usual scale and nothing else. */
    public static Scores of(Mask mask) {
      return new Scores(mask, 0, 0, List.of(), 0);
    }

    public Scores scaled(double factor) {
      return new Scores(mask, factor, softcap, alibi, dropout);
    }

    public Scores capped(double bound) {
      return new Scores(mask, scale, bound, alibi, dropout);
    }

    /** See {@link Positions#alibiSlopes}. */
    public Scores withAlibi(List<Double> slopes) {
      return new Scores(mask, scale, softcap, slopes, dropout);
    }

    public Scores dropping(double probability) {
      return new Scores(mask, scale, softcap, alibi, probability);
    }
  }

  /** Separate projections with PyTorch's names and biases, and nothing special. */
  public static MultiHeadAttention of(Heads heads, Mask mask) {
    return new MultiHeadAttention(
        heads, HeadProjections.separate(), Pairing.PLAIN, Scores.of(mask));
  }

  public MultiHeadAttention with(HeadProjections newProjections) {
    return new MultiHeadAttention(heads, newProjections, pairing, scores);
  }

  public MultiHeadAttention with(Pairing newPairing) {
    return new MultiHeadAttention(heads, projections, newPairing, scores);
  }

  public MultiHeadAttention with(Scores newScores) {
    return new MultiHeadAttention(heads, projections, pairing, newScores);
  }

  /** Self-attention: [batch, time, width] to the same. */
  @Override
  public Tensor apply(Scope scope, Tensor x) {
    return self(scope, x, Mask.all(), null);
  }

  /**
   * Self-attention: [batch, time, width] to the same.
   *
   * @param mask added to the block's own: padding
   * @param bias of the scores, or null
   */
  public Tensor self(Scope scope, Tensor x, Mask mask, @Nullable PairBias bias) {
    HeadProjections.Projected p = projections.project(scope, heads, x);
    Tensor query = placed(scope, "q_norm", p.query(), x);
    Tensor key = scope.extend("key", placed(scope, "k_norm", p.key(), x), 2);
    Tensor value = scope.extend("value", p.value(), 2); // [batch, kv_heads, past + time, head_dim]
    return attend(scope, query, key, value, mask, scope.start(), bias);
  }

  /**
   * Attention from x [batch, time, width] to memory [batch, source, any width]; without positions.
   *
   * @param mask of the memory's padding
   */
  public Tensor cross(Scope scope, Tensor x, Tensor memory, Mask mask) {
    Tensor query = normalised(scope, "q_norm", projections.query(scope, heads, x));
    Tensor key =
        scope.once(
            "encoder.key",
            () -> normalised(scope, "k_norm", projections.key(scope, heads, memory)));
    Tensor value = scope.once("encoder.value", () -> projections.value(scope, heads, memory));
    return attend(scope, query, key, value, mask, Start.ZERO, null);
  }

  private Tensor normalised(Scope scope, String name, Tensor x) {
    Block norm = pairing.norm();
    return norm == null ? x : scope.call(name, norm, x);
  }

  /** Normalised, then turned by the positions of {@code x}. */
  private Tensor placed(Scope scope, String name, Tensor features, Tensor x) {
    Tensor y = normalised(scope, name, features);
    Rotation rotary = pairing.rotary();
    return rotary == null ? y : rotary.turn(y, scope.positionsOf(x));
  }

  private Tensor attend(
      Scope scope,
      Tensor query,
      Tensor key,
      Tensor value,
      Mask mask,
      Start start,
      @Nullable PairBias bias) {
    AttentionCall call =
        AttentionCall.of(query, key, value)
            .mask(scores.mask.and(mask))
            .softcap(scores.softcap)
            .start(start)
            .alibi(scores.alibi)
            .bias(bias == null ? null : bias.of(query, key));
    if (scores.scale != 0) {
      call.scale(scores.scale);
    }
    scope.report("weights", call::weights);
    Tensor seed = scores.dropout > 0 ? scope.seed() : null;
    if (seed != null) {
      call.dropout(scores.dropout, seed, scope.dropoutSite("weights"));
    }
    return projections.join(scope, heads, call.apply());
  }
}
