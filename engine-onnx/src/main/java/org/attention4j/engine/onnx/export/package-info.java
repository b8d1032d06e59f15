/** Export to files: written, opened again, compared with the source engine, reported. */
@NullMarked
package org.attention4j.engine.onnx.export;

import org.jspecify.annotations.NullMarked;
