/** Optimizers, schedules and training steps, written once for every engine. */
@NullMarked
package org.attention4j.train;

import org.jspecify.annotations.NullMarked;
