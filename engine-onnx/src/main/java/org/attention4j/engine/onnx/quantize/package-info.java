/** Weights in fewer bits, in the forms that ONNX Runtime multiplies by. */
@NullMarked
package org.attention4j.engine.onnx.quantize;

import org.jspecify.annotations.NullMarked;
