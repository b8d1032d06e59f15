/** Training steps as ONNX graphs: forward, backward and update in one ordinary model. */
@NullMarked
package org.attention4j.engine.onnx.train;

import org.jspecify.annotations.NullMarked;
