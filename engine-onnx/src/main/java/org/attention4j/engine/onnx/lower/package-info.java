/** From graphs of primitives and claimed composites to ONNX nodes of opset 17. */
@NullMarked
package org.attention4j.engine.onnx.lower;

import org.jspecify.annotations.NullMarked;
