/** The engine on DJL and PyTorch. */
@NullMarked
package org.attention4j.engine.djl;

import org.jspecify.annotations.NullMarked;
