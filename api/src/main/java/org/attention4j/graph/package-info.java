/** Recorded models: tracing, gradients, replay, printing. */
@NullMarked
package org.attention4j.graph;

import org.jspecify.annotations.NullMarked;
