package org.attention4j.nn.longcontext;

import java.util.ArrayList;
import java.util.List;
import org.attention4j.error.UsageException;
import org.attention4j.nn.Sizes;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Primitive;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Hashing attention of the Reformer (Kitaev et al. 2020, section 2): queries are keys, too; tokens
 * are sorted by the bucket of their hash, and each chunk of the sorted tokens attends to those of
 * its own bucket in the chunk and the one before. Several rounds of hashing are merged by their
 * log-sum-exps; a key found in several rounds counts as often. A token attends to itself only where
 * it finds no other.
 *
 * <p>Keys are queries of length 1. With one bucket and a chunk of the whole sequence this is exact
 * attention; with more it is cheaper and finds the largest weights with high probability.
 *
 * @param buckets 1, or an even number
 * @param chunk sorted tokens that are computed at once; about twice the tokens of a bucket
 * @param rounds of hashing
 * @param seed of the hashes
 */
public record LshAttention(int buckets, int chunk, int rounds, long seed, boolean causal) {
  private static final double ITSELF = -5e4; // below every other score, and within f16

  public LshAttention {
    Sizes.requirePositive("LshAttention", "buckets", buckets, "chunk", chunk, "rounds", rounds);
    if (buckets > 1 && buckets % 2 != 0) {
      throw new UsageException("LshAttention: buckets are 1 or an even number, not " + buckets);
    }
  }

  /**
   * The output [batch, heads, time, value_dim].
   *
   * @param query and key, [batch, heads, time, head_dim]
   * @param value [batch, heads, time, value_dim]
   * @param tokens [batch, time], non-zero where there is a token; null for everywhere
   */
  public Tensor apply(Tensor query, Tensor value, @Nullable Tensor tokens) {
    List<Tensor> outputs = new ArrayList<>();
    List<Tensor> logSumExps = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      Tensor bucket = new RotationHash(buckets, seed + round).of(query); // [batch, heads, time]
      Tensor place = BucketSort.places(bucket, buckets, chunk);
      Sorted sorted = new Sorted(place, new Chunks(query.dim(2), chunk));
      List<Tensor> both = round(sorted, query, value, bucket, tokens);
      outputs.add(both.get(0));
      logSumExps.add(both.get(1));
    }
    return rounds == 1 ? outputs.get(0) : SoftmaxParts.merge(outputs, logSumExps);
  }

  /** Tokens in the order of their buckets, cut into chunks, and back. */
  private record Sorted(Tensor place, Chunks chunks) {

    /** [batch, heads, time] to [batch, heads, count, chunk]; zeros behind the last. */
    Tensor numbers(Tensor x) {
      Tensor sorted = place.apply(new Primitive.ScatterAlong(2, chunks.time()), x);
      return chunks.cut(sorted, 2);
    }

    /** [batch, heads, time, size] to [batch, heads, count, chunk, size]. */
    Tensor features(Tensor x) {
      Tensor at = place.insert(3).expand(3, x.dim(3));
      return chunks.cut(at.apply(new Primitive.ScatterAlong(2, chunks.time()), x), 2);
    }

    /** [batch, heads, count, chunk] to [batch, heads, time]. */
    Tensor back(Tensor x) {
      return chunks.join(x, 2).takeAlong(2, place);
    }

    /** [batch, heads, count, chunk, size] to [batch, heads, time, size]. */
    Tensor featuresBack(Tensor x) {
      return chunks.join(x, 2).takeAlong(2, place.insert(3).expand(3, x.dim(4)));
    }
  }

  /** Output and log-sum-exp of one round. */
  private List<Tensor> round(
      Sorted sorted, Tensor query, Tensor value, Tensor bucket, @Nullable Tensor tokens) {
    Chunks chunks = sorted.chunks;
    Tensor q = sorted.features(query); // [batch, heads, count, chunk, head_dim]
    Tensor key = chunks.withPrevious(sorted.features(unit(query)), 2);
    double scale = 1 / Math.sqrt(query.type().size(-1));
    Tensor scores = q.matmulTransposed(key).mul(scale); // [.., chunk, 2 chunk]
    Tensor slots = query.iota(query.dim(2)).expand(bucket.type().dims());
    Tensor querySlot = sorted.numbers(slots).insert(4);
    // counted from 1, so that 0 is nobody: what fills up, and padding
    Tensor keySlot =
        chunks.withPrevious(sorted.numbers(present(slots, tokens)), 2).insert(3).sub(1);
    Tensor home = sorted.numbers(bucket);
    Tensor allowed =
        home.insert(4)
            .eq(chunks.withPrevious(home, 2).insert(3))
            .and(keySlot.scalar(0).le(keySlot));
    if (causal) {
      allowed = allowed.and(keySlot.le(querySlot));
    }
    Tensor reluctant = querySlot.eq(keySlot).where(scores.scalar(ITSELF), scores);
    Tensor weights = MaskedSoftmax.of(reluctant, allowed);
    Tensor output = weights.matmul(chunks.withPrevious(sorted.features(value), 2));
    Tensor logSumExp = SoftmaxParts.logSumExp(MaskedSoftmax.hide(reluctant, allowed));
    return List.of(sorted.featuresBack(output), sorted.back(logSumExp));
  }

  private static Tensor present(Tensor slots, @Nullable Tensor tokens) {
    Tensor counted = slots.add(1);
    return tokens == null
        ? counted
        : counted.mul(tokens.cast(DType.BOOL).cast(DType.I64).insert(1)); // [batch, 1, time]
  }

  private static Tensor unit(Tensor x) {
    return x.div(x.mul(x).sum(-1).add(1e-6).sqrt());
  }
}
