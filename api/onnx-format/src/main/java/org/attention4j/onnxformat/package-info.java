/** Readers and writers of ONNX files. */
@NullMarked
package org.attention4j.onnxformat;

import org.jspecify.annotations.NullMarked;
