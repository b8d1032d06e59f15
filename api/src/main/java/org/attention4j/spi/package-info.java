/** What an engine implements, and how engines and kernels are found. */
@NullMarked
package org.attention4j.spi;

import org.jspecify.annotations.NullMarked;
