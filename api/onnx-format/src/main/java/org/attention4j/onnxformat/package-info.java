/**
 * Reading and writing ONNX files: tensors, graphs, external data and the test-data folders of the
 * ONNX project. The message classes in {@code org.attention4j.onnxformat.proto} are generated from
 * {@code onnx.proto} at build time.
 */
@NullMarked
package org.attention4j.onnxformat;

import org.jspecify.annotations.NullMarked;
