/** Kernels in C++ and the provider that offers them. */
@NullMarked
package org.attention4j.kernels;

import org.jspecify.annotations.NullMarked;
