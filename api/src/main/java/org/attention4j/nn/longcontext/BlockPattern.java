package org.attention4j.nn.longcontext;

import org.attention4j.tensor.Tensor;

/**
 * A pattern of whole blocks of slots: each block of queries names the blocks of keys that it sees,
 * so that {@link BlockSparseAttention} reads those alone.
 */
public interface BlockPattern extends SlotPattern {

  /** Slots of a block. */
  int block();

  /** Whether a query sees slots up to its own only. */
  boolean causal();

  /** The queries of so many first blocks see everything. */
  int fullRows();

  /**
   * The blocks of keys that blocks of queries see, one or more. A number that is none of a block, a
   * second naming of a block and, if causal, a block behind the query's count for nothing.
   *
   * @param queryBlock numbers of blocks, i64 [n]
   * @param blocks how many blocks there are, i64 []; a causal pattern must not depend on it
   * @return i64 [n, candidates]
   */
  Tensor keyBlocks(Tensor queryBlock, Tensor blocks);

  @Override
  default Tensor allowed(Tensor query, Tensor key) {
    Tensor blocks = key.value(key.dim(1).plus(block() - 1).floorDiv(block()));
    Tensor queryBlock = query.div(block()); // [queries, 1]
    Tensor seen = keyBlocks(queryBlock.drop(1), blocks); // [queries, candidates]
    Tensor keyBlock = key.div(block()); // [1, keys]
    Tensor any = queryBlock.lt(fullRows());
    for (int i = 0; i < seen.type().size(1); i++) {
      any = any.or(seen.slice(1, i, i + 1).eq(keyBlock)); // [queries, keys]
    }
    return causal() ? any.and(key.le(query)) : any;
  }
}
