/** Replays recorded values of PyTorch: attention, ops, modules, optimizers. */
@NullMarked
package org.attention4j.conformance.golden;

import org.jspecify.annotations.NullMarked;
