/** The ONNX project's node tests, imported as expressions of this library's ops. */
@NullMarked
package org.attention4j.conformance.onnx;

import org.jspecify.annotations.NullMarked;
