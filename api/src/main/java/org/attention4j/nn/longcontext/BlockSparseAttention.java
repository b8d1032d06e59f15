package org.attention4j.nn.longcontext;

import org.attention4j.nn.Scope;
import org.attention4j.op.AttentionCall;
import org.attention4j.op.Mask;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Attention that gathers the blocks of keys and values which a block of queries sees (Zaheer et al.
 * 2020, appendix D). Time and memory are linear in the length; the numbers are those of {@link
 * PatternAttention}, which serves the steps of a decoding.
 */
public record BlockSparseAttention(BlockPattern pattern) implements AttentionVariant {
  @Override
  public Tensor attend(
      Scope scope, Tensor query, Tensor key, Tensor value, @Nullable Tensor tokens) {
    Dim start = scope.start().dim();
    if (start == null || !start.is(0)) {
      return new PatternAttention(pattern).attend(scope, query, key, value, tokens);
    }
    Dim time = query.dim(2);
    Tensor sparse = sparse(query, key, value, tokens);
    long full = (long) pattern.fullRows() * pattern.block();
    if (full == 0) {
      return sparse;
    }
    // as many rows behind the sequence, so that it may be shorter than the full ones
    Dim more = Dim.of(full);
    Tensor first =
        AttentionCall.of(query.pad(2, Dim.of(0), more).slice(2, 0, full), key, value)
            .mask(Mask.keys(tokens))
            .apply();
    Tensor rest = sparse.pad(2, Dim.of(0), more).slice(2, full, time.plus(full));
    return first.concat(2, rest).slice(2, 0, time);
  }

  private Tensor sparse(Tensor query, Tensor key, Tensor value, @Nullable Tensor tokens) {
    Chunks chunks = new Chunks(query.dim(2), pattern.block());
    Tensor number = query.iota(chunks.count());
    Tensor blocks = query.value(chunks.count());
    Tensor named = pattern.keyBlocks(number, blocks); // [count, candidates]
    Tensor seen = named.max(0).min(blocks.sub(1));
    Tensor scores =
        chunks
            .cut(query, 2)
            .matmulTransposed(gathered(chunks.cut(key, 2), seen))
            .mul(1 / Math.sqrt(query.type().size(-1))); // [batch, heads, count, block, keys seen]
    Tensor allowed = allowed(chunks, named, seen);
    if (tokens != null) {
      Tensor token = chunks.cut(tokens.cast(DType.BOOL).cast(DType.I64), 1).permute(1, 0, 2);
      Tensor each = token.take(seen).permute(2, 0, 1, 3).merge(2, 2); // [batch, count, keys seen]
      allowed = allowed.and(each.cast(DType.BOOL).insert(1).insert(3));
    }
    Tensor weights = MaskedSoftmax.of(scores, allowed);
    return chunks.join(weights.matmul(gathered(chunks.cut(value, 2), seen)), 2);
  }

  /** [batch, heads, count, block, size] to [batch, heads, count, candidates * block, size]. */
  private static Tensor gathered(Tensor x, Tensor seen) {
    Tensor rows = x.permute(2, 0, 1, 3, 4).take(seen); // [count, candidates, batch, heads, ..]
    return rows.permute(2, 3, 0, 1, 4, 5).merge(3, 2);
  }

  /** [count, block or 1, candidates * block]. */
  private Tensor allowed(Chunks chunks, Tensor named, Tensor seen) {
    int candidates = named.type().size(1);
    Tensor place = named.iota(Dim.of(candidates));
    Tensor again = named.insert(2).eq(named.insert(1)); // [count, candidates, candidates]
    Tensor repeated = again.and(place.insert(0).lt(place.insert(1)));
    Tensor counts = repeated.cast(DType.I64).sum(-1).eq(0); // [count, candidates, 1]
    counts = counts.and(seen.eq(named).insert(2));
    Tensor slot = seen.mul(chunks.size()).insert(2).add(seen.iota(Dim.of(chunks.size())));
    Tensor inside = slot.lt(seen.value(chunks.time())).and(counts); // [count, candidates, block]
    Tensor keys = inside.merge(1, 2).insert(1); // [count, 1, candidates * block]
    if (!pattern.causal()) {
      return keys;
    }
    return keys.and(slot.merge(1, 2).insert(1).le(chunks.slots(seen).insert(2)));
  }
}
