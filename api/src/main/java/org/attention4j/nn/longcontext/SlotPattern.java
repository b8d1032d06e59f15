package org.attention4j.nn.longcontext;

import org.attention4j.op.Mask;
import org.attention4j.op.Start;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Tensor;

/**
 * Which pairs of slots attend to each other, as a rule: nobody writes the matrix down. A pattern is
 * data, so that equal ones are computed once in a graph.
 */
public interface SlotPattern {

  /**
   * Whether the query's slot may attend to the key's: a boolean [queries, keys].
   *
   * @param query slots, i64 [queries, 1]
   * @param key slots, i64 [1, keys]
   */
  Tensor allowed(Tensor query, Tensor key);

  /**
   * The pattern as a mask, which is made in the graph from the slots' numbers.
   *
   * @param beside any tensor of the executor
   * @param start slot of the first query
   */
  default Mask mask(Tensor beside, Start start, Dim queries, Dim keys) {
    Tensor query = start.slots(beside, queries).insert(1); // [queries, 1]
    return Mask.pairs(allowed(query, beside.iota(keys).insert(0))); // keys [1, keys]
  }
}
