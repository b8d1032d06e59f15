/** Named tensors, and the safetensors files that hold them. */
@NullMarked
package org.attention4j.weights;

import org.jspecify.annotations.NullMarked;
