/** Blocks: immutable records of sizes that compute with tensors and find their weights by path. */
@NullMarked
package org.attention4j.nn;

import org.jspecify.annotations.NullMarked;
