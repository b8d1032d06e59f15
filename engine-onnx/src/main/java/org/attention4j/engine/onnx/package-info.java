/** The ONNX exporter and the engine on ONNX Runtime. */
@NullMarked
package org.attention4j.engine.onnx;

import org.jspecify.annotations.NullMarked;
