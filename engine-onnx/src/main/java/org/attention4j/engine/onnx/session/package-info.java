/** ONNX Runtime sessions: memory shared with host tensors, caches kept native. */
@NullMarked
package org.attention4j.engine.onnx.session;

import org.jspecify.annotations.NullMarked;
