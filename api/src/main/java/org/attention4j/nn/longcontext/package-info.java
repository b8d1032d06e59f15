/**
 * Attention for long sequences: sparse, low-rank, recurrent, hashed and retrieved. Each variant is
 * made of the tensors' own operations, so that every engine runs, trains and exports it.
 */
@NullMarked
package org.attention4j.nn.longcontext;

import org.jspecify.annotations.NullMarked;
