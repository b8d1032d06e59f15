/** Text generation token by token, on any engine. */
@NullMarked
package org.attention4j.generate;

import org.jspecify.annotations.NullMarked;
