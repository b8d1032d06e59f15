/** Replays cases that another library recorded: outputs, decoding, gradients, optimizer steps. */
@NullMarked
package org.attention4j.models.golden;

import org.jspecify.annotations.NullMarked;
